package bench

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// A ledger is a file of acknowledged orders: a line of JSON that says what decides the run's orders,
// then sixteen bytes per order, little endian:
//
//	0   8 bytes  ordinal of the order in the run
//	8   8 bytes  number of the order, never 0
//
// It is only ever appended to. A record that was cut short by the end of the writing process is
// ignored: it had not been counted.
type ledger struct {
	mu   sync.Mutex
	file *os.File
	buf  []byte
}

// ledgerFormat is in the first line of every ledger and must not change its meaning.
const ledgerFormat = 1

const ledgerRecord = 16

// ledgerHead is the first line.
type ledgerHead struct {
	Format   int          `json:"format"`
	Workload workloadSpec `json:"workload"`
}

// createLedger makes a new ledger; a file that exists is an error, since its orders would be lost.
func createLedger(path string, spec workloadSpec) (*ledger, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	head, err := json.Marshal(ledgerHead{ledgerFormat, spec})
	if err == nil {
		_, err = file.Write(append(head, '\n'))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("ledger: %w", err), file.Close())
	}
	return &ledger{file: file}, nil
}

// append writes the entries with one call, so that they are in the file when it returns.
func (l *ledger) append(entries []ack) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf = l.buf[:0]
	for _, e := range entries {
		l.buf = binary.LittleEndian.AppendUint64(l.buf, e.ordinal)
		l.buf = binary.LittleEndian.AppendUint64(l.buf, e.number)
	}
	if _, err := l.file.Write(l.buf); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return nil
}

// close gives the file back to the system; a ledger that was never there closes too.
func (l *ledger) close() error {
	if l == nil {
		return nil
	}
	return l.file.Close()
}

// readLedger reads a ledger into a book.
func readLedger(path string) (workloadSpec, *book, error) {
	file, err := os.Open(path)
	if err != nil {
		return workloadSpec{}, nil, fmt.Errorf("ledger: %w", err)
	}
	defer file.Close()
	r := bufio.NewReaderSize(file, 1<<20)
	line, err := r.ReadBytes('\n')
	if err != nil {
		return workloadSpec{}, nil, fmt.Errorf("ledger %s has no first line: %w", path, err)
	}
	var head ledgerHead
	if err := json.Unmarshal(line, &head); err != nil {
		return workloadSpec{}, nil, fmt.Errorf("ledger %s: %w", path, err)
	}
	if head.Format != ledgerFormat {
		return workloadSpec{}, nil, fmt.Errorf("ledger %s has format %d, not %d", path, head.Format, ledgerFormat)
	}
	b := &book{}
	var record [ledgerRecord]byte
	for {
		switch _, err := io.ReadFull(r, record[:]); {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return head.Workload, b, nil
		case err != nil:
			return workloadSpec{}, nil, fmt.Errorf("ledger %s: %w", path, err)
		}
		e := ack{binary.LittleEndian.Uint64(record[:]), binary.LittleEndian.Uint64(record[8:])}
		if _, err := b.acknowledge([]ack{e}); err != nil {
			return workloadSpec{}, nil, err
		}
	}
}
