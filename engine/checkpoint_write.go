package engine

import (
	"errors"

	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/wal"
)

// checkpointWriter writes one checkpoint.
type checkpointWriter struct {
	c       *checkpointer
	journal *wal.CheckpointWriter
	next    *codec.Manifest
	own     uint32 // place of its own set in the manifest
	info    *CheckpointInfo
	pace    pacer
}

func (w *checkpointWriter) write() (err error) {
	if w.journal, err = w.c.e.journal.BeginCheckpoint(uint64(w.next.Sequence)); err != nil {
		return err
	}
	w.own = uint32(len(w.next.Sets))
	w.next.Sets = append(w.next.Sets, codec.ValueSet{Sequence: w.next.Sequence})
	if err := w.writePages(); err != nil {
		return err
	}
	if err := w.writeKeys(); err != nil {
		return err
	}
	w.next.Sets[w.own].Values = uint32(w.info.Pages)
	sets := dropUnusedSets(w.next)
	if err := w.journal.Finish(codec.AppendManifest(nil, w.next)); err != nil {
		return err
	}
	w.info.Bytes = w.journal.Bytes()
	w.c.last, w.c.sets = w.next, sets
	return nil
}

// giveUp is for a checkpoint that has failed after it began. When the disk was full it gives back what it took there, so that a
// later one can be written when there is room again: that has to write all pages of this one, too. What remains to be done is
// the sequencer's (takeBack). Any other error, and one of giving up, comes back: nobody knows then what is on the disk.
func (w *checkpointWriter) giveUp(cause error) error {
	if !errors.Is(cause, wal.ErrDiskFull) || errors.Is(cause, wal.ErrFailed) {
		return cause
	}
	if err := w.journal.Abandon(); err != nil {
		return errors.Join(cause, err)
	}
	w.next.EachPage(func(id core.PageID, p *codec.PageRef) {
		if id.Slab == 0 && w.next.Sets[p.Set].Sequence == w.next.Sequence {
			w.c.e.keys.unsave(int(id.Slot), int(id.Number))
		}
	})
	w.c.waitSettled() // the next checkpoint counts on this side, and waits only for the other one
	return nil
}

// writePages writes pages as they come.
func (w *checkpointWriter) writePages() error {
	var pages []keptPage
	for {
		var ok bool
		if pages, ok = w.c.next(pages); !ok {
			return w.c.e.broken()
		}
		for _, p := range pages {
			ref, err := w.add(p.bytes)
			if err != nil {
				return err
			}
			*w.next.Slabs[p.id.Slot][p.id.Slab-1].Page(p.id.Number) = ref
			w.c.written(p.bytes)
			w.pace.wait(len(p.bytes))
		}
	}
}

// writeKeys writes the key table's pages, once the keys of all commands that the checkpoint covers are bound.
func (w *checkpointWriter) writeKeys() error {
	w.c.waitSettled()
	scratch := make([]byte, keyPageBytes)
	for stripe := range w.next.Keys {
		k := &w.next.Keys[stripe]
		length, pages, err := w.c.e.keys.savePages(stripe, scratch, func(page int, bytes []byte) error {
			ref, err := w.add(bytes)
			if err != nil {
				return err
			}
			k.Pages = resizePages(k.Pages, max(len(k.Pages), page+1))
			k.Pages[page] = ref
			w.pace.wait(len(bytes))
			return nil
		})
		if err != nil {
			return err
		}
		k.Length, k.Pages = length, resizePages(k.Pages, pages)
	}
	return nil
}

func (w *checkpointWriter) add(bytes []byte) (ref codec.PageRef, err error) {
	number, err := w.journal.Add(bytes)
	w.info.Pages++
	return codec.PageRef{Set: w.own, Number: number, Digest: core.DigestPage(bytes)}, err
}

// dropUnusedSets takes sets out of a manifest of which nothing is in use, and counts what is in use of the others.
func dropUnusedSets(m *codec.Manifest) (uses []setUse) {
	live := make([]uint32, len(m.Sets))
	m.EachPage(func(_ core.PageID, p *codec.PageRef) { live[p.Set]++ })
	places := make([]uint32, len(live))
	var sets []codec.ValueSet
	for i, set := range m.Sets {
		own := set.Sequence == m.Sequence // which is there in any case: the manifest lies in it
		if live[i] == 0 && !own {
			continue
		}
		places[i] = uint32(len(sets))
		sets = append(sets, set)
		uses = append(uses, setUse{live: live[i], values: set.Values})
	}
	m.Sets = sets
	m.EachPage(func(_ core.PageID, p *codec.PageRef) { p.Set = places[p.Set] })
	return uses
}
