package wal

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Salvage saves what is left of a damaged directory into a new one, which opens.
//
// Everything that can be read is copied first, family by family; where Pebble itself cannot open the directory, file by file
// (salvage_files.go). Of the copy that part of the journal stays which is whole in itself and from which a state can be made: it begins
// with the first command, or a checkpoint lies in it. What belongs to other commands goes. Feed and checkpoints stay
// only if nothing of them was lost, or if the journal does not begin with the first command; otherwise the
// start makes them again.

// SalvageOptions say how to salvage.
type SalvageOptions struct {
	// FS is the file system, nil for the real disk.
	FS vfs.FS
	// FromTheStart leaves checkpoints out: the journal must then begin with its first command.
	FromTheStart bool
	// Documents calls put with every document that rides in a group, so that lost ones are made again. Nil makes none.
	Documents func(g *Group, put func(sequence uint64, document []byte) error) error
}

// SalvageReport says what was saved and what was not.
type SalvageReport struct {
	First, Last uint64        // sequences of the journal that was saved; 0 for none
	Time        int64         // stamp of its last group, in milliseconds since 1970
	Known       uint64        // the highest sequence of which there is any trace
	ByFile      bool          // Pebble could not open the directory
	Rebuilt     bool          // feed and checkpoints are left to be made again
	Documents   int           // that were lost beside their command, and made again from it
	Families    []SavedFamily // in the order of their keys
	Damage      []string      // what was found, each with its place
}

// SavedFamily counts the entries of a kind that could be read.
type SavedFamily struct {
	Name    string
	Entries int
	Damaged bool // some could not
}

// ErrNothingToSave is returned by [Salvage] when no part of the journal can stand on its own.
var ErrNothingToSave = errors.New("no part of the journal is whole and begins with the first command or a checkpoint")

// Salvage copies what is left of the journal in dir to a new directory, which must not exist or be empty. dir is not changed.
func Salvage(dir, to string, o SalvageOptions) (SalvageReport, error) {
	return standard.salvage(dir, to, o)
}

func (t tuning) salvage(dir, to string, o SalvageOptions) (_ SalvageReport, err error) {
	fs := cmp.Or[vfs.FS](o.FS, vfs.Default)
	if err := mustBeEmpty(fs, to); err != nil {
		return SalvageReport{}, err
	}
	partial := to + partialSuffix
	if err := fs.RemoveAll(partial); err != nil {
		return SalvageReport{}, err
	}
	s := &salvage{options: o}
	defer func() {
		if err != nil {
			err = errors.Join(err, fs.RemoveAll(partial))
		}
	}()
	if s.from, err = t.openDamaged(dir, o.FS); err != nil {
		return SalvageReport{}, err
	}
	defer func() { err = errors.Join(err, s.from.closeDamaged()) }()
	if s.to, err = t.open(partial, Options{FS: o.FS, BallastBytes: -1}); err != nil {
		return SalvageReport{}, err
	}
	err = s.run()
	if err = errors.Join(err, s.to.Close()); err != nil {
		return SalvageReport{}, err
	}
	return s.report, moveDir(fs, partial, to)
}

// openDamaged opens a directory for reading without looking whether it is whole. The database is nil when Pebble cannot open it.
func (t tuning) openDamaged(dir string, fs vfs.FS) (*Journal, error) {
	j := &Journal{options: Options{ReadOnly: true}, tuning: t, fs: cmp.Or[vfs.FS](fs, vfs.Default), dir: dir}
	j.died = make(chan struct{})
	if err := j.acquire(); err != nil {
		return nil, err
	}
	// Where the list of all files is damaged, Pebble would take what is before the damage for all.
	if exists, err := j.inspectManifest(); err != nil || !exists {
		return j, nil
	}
	if err := j.openPebble(true); err != nil {
		j.db = nil
	}
	return j, nil
}

func (j *Journal) closeDamaged() error {
	if j.db == nil {
		return j.lock.Close()
	}
	return errors.Join(j.db.Close(), j.lock.Close())
}

// salvage is one attempt.
type salvage struct {
	options  SalvageOptions
	from, to *Journal
	report   SalvageReport
	batch    *pebble.Batch
	identity bool // was found
}

func (s *salvage) run() error {
	if s.report.Known, _ = s.from.readSeal(); s.report.Known == 0 { // a damaged one says nothing
		p, _ := s.from.findPromise()
		s.report.Known = p.durable
	}
	s.batch = s.to.db.NewBatch()
	if s.report.ByFile = s.from.db == nil; !s.report.ByFile {
		for _, f := range families {
			if f.derived {
				continue
			}
			if err := s.copyFamily(f); err != nil {
				return err
			}
		}
	} else if err := s.copyFiles(); err != nil {
		return err
	}
	if err := s.flush(0); err != nil {
		return err
	}
	whole, err := s.choose()
	if err != nil {
		return err
	}
	if err := s.prune(whole); err != nil {
		return err
	}
	if !s.identity {
		s.found("the directory's identity is lost: the numbers of orders that clients know lead nowhere")
	}
	return s.remakeDocuments()
}

func (s *salvage) found(format string, args ...any) {
	s.report.Damage = append(s.report.Damage, fmt.Sprintf(format, args...))
}

// put adds an entry to the copy.
func (s *salvage) put(key, value []byte) error {
	s.identity = s.identity || bytes.Equal(key, identityKey)
	mustPut(s.batch.Set(key, value, nil))
	return s.flush(initialBatchBytes)
}

// flush writes the batch when it has more than so many bytes.
func (s *salvage) flush(beyond int) error {
	if s.batch.Len() <= beyond {
		return nil
	}
	return s.to.once(func() error {
		err := s.batch.Commit(pebble.NoSync)
		s.batch = s.to.db.NewBatch()
		return err
	})
}

// copyFamily copies the entries of a kind: forwards to the first that cannot be read, and then backwards from the end to the
// last. What lies between is given up; to look for it there would mean to read the same damaged places again and again, and
// Pebble takes seconds to refuse a large block, since it tries which bit might have been flipped.
func (s *salvage) copyFamily(f family) error {
	saved := SavedFamily{Name: f.name}
	forwards, err := s.copyEntries(f, (*pebble.Iterator).First, (*pebble.Iterator).Next, &saved)
	if forwards != nil && err == nil {
		saved.Damaged = true
		var backwards *DamageError
		backwards, err = s.copyEntries(f, (*pebble.Iterator).Last, (*pebble.Iterator).Prev, &saved)
		s.found("%s: %v", f.name, forwards)
		if backwards != nil && backwards.Error() != forwards.Error() {
			s.found("%s, from the end: %v", f.name, backwards)
		}
	}
	s.report.Families = append(s.report.Families, saved)
	return err
}

// copyEntries copies entries in one direction until one cannot be read, and gives the reason.
func (s *salvage) copyEntries(f family, begin, next func(*pebble.Iterator) bool, saved *SavedFamily) (damage *DamageError, err error) {
	it, err := s.from.iterate([]byte{f.prefix}, f.end())
	if err != nil {
		return nil, err
	}
	defer func() { _ = it.Close() }() // it has said already what it could not read
	for ok := begin(it); ok; ok = next(it) {
		value, err := it.ValueAndErr()
		if errors.As(s.from.readError(err), &damage) {
			return damage, nil
		}
		if err = errors.Join(err, s.put(it.Key(), value)); err != nil {
			return nil, err
		}
		saved.Entries++
	}
	if err := s.from.readError(it.Error()); err != nil && !errors.As(err, &damage) {
		return nil, err
	}
	return damage, nil
}

// run is a part of the journal that is whole in itself.
type run struct {
	first, last uint64
	time        int64
}

// choose finds the part that goes furthest of those from which a state can be made.
func (s *salvage) choose() (chosen run, err error) {
	runs, err := s.runs()
	if err != nil {
		return run{}, err
	}
	checkpoints, err := s.to.Checkpoints()
	if err != nil {
		return run{}, err
	}
	for _, r := range runs {
		s.report.Known = max(s.report.Known, r.last)
		begins := r.first == 1 || !s.options.FromTheStart && slices.ContainsFunc(checkpoints, func(c uint64) bool {
			_, err := s.to.Manifest(c)
			return c+1 >= r.first && c <= r.last && err == nil
		})
		if begins {
			chosen = r
		}
	}
	if chosen.first == 0 && s.report.Known > 0 {
		return run{}, fmt.Errorf("%w: %w", &DamageError{Reason: "of the commands up to sequence " +
			strconv.FormatUint(s.report.Known, 10) + " none can be saved"}, ErrNothingToSave)
	}
	return chosen, nil
}

// runs walks through the copied journal.
func (s *salvage) runs() (runs []run, err error) {
	it, err := s.to.iterate([]byte{familyJournal}, []byte{familyJournal + 1})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	var v verifier
	for ok := it.First(); ok; ok = it.Next() {
		value, err := it.ValueAndErr()
		if err != nil {
			return nil, err
		}
		continues := v.prior.First != 0
		g, wrong := v.next(it.Key(), value)
		if wrong != nil {
			s.found("%v", wrong)
			v, continues = verifier{}, false // what follows may be whole again
			if g, wrong = v.next(it.Key(), value); wrong != nil {
				continue
			}
		}
		if continues {
			runs[len(runs)-1].last, runs[len(runs)-1].time = g.Last(), g.Time
		} else {
			runs = append(runs, run{g.First, g.Last(), g.Time})
		}
	}
	return runs, it.Error()
}

// prune takes out of the copy what does not belong to the chosen part.
func (s *salvage) prune(whole run) error {
	s.report.First, s.report.Last, s.report.Time = whole.first, whole.last, whole.time
	drop := func(from, to []byte) { mustPut(s.batch.DeleteRange(from, to, nil)) }
	for _, f := range families {
		if f.bySequence {
			drop(f.after(whole.last), f.end())
		}
	}
	if err := s.to.dropArchived(s.batch, whole.last); err != nil {
		return err
	}
	drop(sequenceKey(familyJournal, 0), sequenceKey(familyJournal, whole.first))
	drop(sequenceKey(familyCheckpoint, 0), sequenceKey(familyCheckpoint, max(whole.first, 1)-1))
	if s.report.Rebuilt = whole.first <= 1 && s.mustRebuild(); s.report.Rebuilt {
		for _, f := range []byte{familyCheckpoint, familyPage, familyFeed, familyArchive, familyExternal} {
			drop([]byte{f}, []byte{f + 1})
		}
		mustPut(s.batch.Delete(feedFloorKey, nil))
	}
	if err := errors.Join(s.flush(0), s.to.findEnds(), s.to.loadRole()); err != nil {
		return err
	}
	if s.report.Known > whole.last {
		s.giveUpEnd(whole.last)
	}
	return s.flush(0)
}

// giveUpEnd is for a journal whose end is lost: like one that was given an earlier end, it goes on in the next epoch, and
// without the readers, who may have read it.
func (s *salvage) giveUpEnd(last uint64) {
	for _, f := range families {
		if f.forgotten {
			mustPut(s.batch.DeleteRange([]byte{f.prefix}, f.end(), nil))
		}
	}
	if s.to.FeedFloor() > last {
		mustPut(s.batch.Set(feedFloorKey, encodeFloor(last), nil))
	}
	mustPut(s.batch.Set(roleKey, standing{RolePrimary, s.to.writer.epoch + 1, last}.encode(), nil))
}

// mustRebuild tells whether checkpoints, feed or archive may have lost something.
func (s *salvage) mustRebuild() bool {
	return s.options.FromTheStart || s.report.ByFile || slices.ContainsFunc(s.report.Families, func(f SavedFamily) bool {
		made := f.Name != familyName(familyJournal) && f.Name != familyName(familyDocument) && f.Name != familyName(familyMeta)
		return f.Damaged && made // from the journal, which the start does again
	})
}

// remakeDocuments puts back what was lost of the documents, from the commands that they rode with.
func (s *salvage) remakeDocuments() error {
	if s.options.Documents == nil {
		return nil
	}
	err := s.to.Replay(0, func(g Group) error {
		return s.options.Documents(&g, func(sequence uint64, document []byte) error {
			_, err := s.to.Document(sequence)
			if !errors.Is(err, ErrNotFound) {
				return err
			}
			s.report.Documents++
			return s.put(sequenceKey(familyDocument, sequence), document)
		})
	})
	return errors.Join(err, s.flush(0))
}
