package engine

import (
	"errors"

	"holdfast/wal"
)

var (
	// ErrOverloaded: too much waits already. Nothing was taken; try again a little later.
	ErrOverloaded = errors.New("engine: the queue is full")
	// ErrClosed: the engine is closing or closed. Nothing was taken.
	ErrClosed = errors.New("engine: closed")
	// ErrJournal: the journal could not be written. Whether the commands will be found after a restart is not
	// known; the engine takes no more.
	ErrJournal = errors.New("engine: the journal could not be written")
	// ErrNotPrimary: the engine follows another one, which takes the commands. Nothing was taken.
	ErrNotPrimary = errors.New("engine: follows a primary and takes no commands of its own")
	// ErrPrimary: the engine follows nobody: it takes no groups of others, and cannot be promoted.
	ErrPrimary = errors.New("engine: is a primary")
	// ErrTimeout: a wait ended before what was waited for.
	ErrTimeout = errors.New("engine: timed out")
	// ErrNotFound: there is no such thing.
	ErrNotFound = errors.New("engine: not found")
	// ErrCut: the journal or the feed begins later than what was asked for, or does so by now.
	ErrCut = wal.ErrCut
	// ErrTooLarge: a request holds more than MaxRequestCommands or MaxRequestBytes, the recipes of kits among them.
	ErrTooLarge = errors.New("engine: the request is too large")
)
