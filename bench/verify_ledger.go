package bench

import (
	"context"
	"errors"
	"io"
)

// VerifyConfig says what to check a server against.
type VerifyConfig struct {
	// URL is the server, such as http://127.0.0.1:8080.
	URL string
	// Ledger is the file that a run with Config.Ledger wrote.
	Ledger string
	// Progress receives what is being done. Nil: none.
	Progress io.Writer
}

// Validate reports everything that is wrong with the configuration, joined into one error.
func (c VerifyConfig) Validate() error {
	var problems []error
	if c.URL == "" {
		problems = append(problems, errors.New("url: a server is needed"))
	} else if _, err := newAPI(c.URL); err != nil {
		problems = append(problems, err)
	}
	if c.Ledger == "" {
		problems = append(problems, errors.New("ledger: a file is needed"))
	}
	return errors.Join(problems...)
}

// Verify checks that a server has every order that a ledger says was acknowledged, each as it was
// ordered, and that it can account for every unit. Of counts it can only say that they are not too
// low, since a ledger does not know who else has used the server. A verification comes with
// ErrVerification when a check failed.
func Verify(ctx context.Context, c VerifyConfig) (*Verification, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	spec, b, err := readLedger(c.Ledger)
	if err != nil {
		return nil, err
	}
	a, err := newAPI(c.URL)
	if err != nil {
		return nil, err
	}
	if err := a.awaitReady(ctx, func() bool { return true }); err != nil {
		return nil, err
	}
	say(c.Progress, "verifying %s orders of %s", grouped(float64(b.acks.len())), c.Ledger)
	v := &verifier{api: a, work: newWorkload(spec), book: b}
	result, err := v.run(ctx)
	if err == nil && !result.OK {
		err = ErrVerification
	}
	return result, err
}

// WriteText writes the verification for a terminal.
func (v *Verification) WriteText(w io.Writer) error {
	p := &textReport{w: w}
	p.verification(v)
	return p.err
}
