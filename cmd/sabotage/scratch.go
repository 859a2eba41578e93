package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// scratch is a copy of the repository that may be broken.
type scratch struct{ dir string }

// newScratch copies the files that git knows, as they are in the working tree.
func newScratch(root string) (*scratch, error) {
	list := exec.Command("git", "ls-files", "-z")
	list.Dir = root
	var errs bytes.Buffer
	list.Stderr = &errs
	names, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("git ls-files: %w\n%s", err, errs.Bytes())
	}
	dir, err := os.MkdirTemp("", "sabotage-")
	if err != nil {
		return nil, err
	}
	s := &scratch{dir}
	for name := range bytes.SplitSeq(names, []byte{0}) {
		if len(name) == 0 {
			continue
		}
		if err := copyFile(s.path(string(name)), filepath.Join(root, filepath.FromSlash(string(name)))); err != nil {
			return nil, errors.Join(err, s.remove())
		}
	}
	return s, nil
}

// copyFile copies a file with its permissions. One that is gone from the working tree is left out.
func copyFile(to, from string) error {
	info, err := os.Stat(from)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, data, info.Mode().Perm())
}

func (s *scratch) path(name string) string { return filepath.Join(s.dir, filepath.FromSlash(name)) }

func (s *scratch) remove() error { return os.RemoveAll(s.dir) }

// with runs do while the sabotage is in the copy, and mends it afterwards.
func (s *scratch) with(b *sabotage, do func() error) error {
	name := s.path(b.file)
	sound, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: there is no %s", errStale, b.file)
	}
	if err != nil {
		return err
	}
	broken, err := b.apply(sound)
	if err != nil {
		return err
	}
	if err := os.WriteFile(name, broken, 0o644); err != nil {
		return err
	}
	return errors.Join(do(), os.WriteFile(name, sound, 0o644))
}
