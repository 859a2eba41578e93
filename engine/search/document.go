package search

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"

	"holdfast/engine/core"
)

// maxTerm bounds a term's value, in bytes: the longest e-mail address (RFC 5321, 4.5.3.1.3, without its brackets).
const maxTerm = 254

// maxTags bounds how many tags of an order are taken in.
const maxTags = 50

// NormalEmail gives the one form of an e-mail address by which it is found: no space around it, and all in small letters. Providers treat small
// and capital letters alike; what else some of them treat alike (dots, a part behind +) is theirs.
func NormalEmail(address string) string { return strings.ToLower(strings.TrimSpace(address)) }

// documentTerms gives the terms that an order's document has: its members email and tags.
func documentTerms(document []byte) (terms []Term) {
	if !bytes.Contains(document, []byte(`"email"`)) && !bytes.Contains(document, []byte(`"tags"`)) {
		return nil // as nearly all
	}
	var members struct {
		Email string   `json:"email"`
		Tags  []string `json:"tags"`
	}
	if json.Unmarshal(document, &members) != nil {
		return nil // not one of ours
	}
	if email := NormalEmail(members.Email); isTerm(email) {
		terms = append(terms, Term{attributeEmail, email})
	}
	for _, tag := range members.Tags[:min(len(members.Tags), maxTags)] {
		if isTerm(tag) {
			terms = append(terms, Term{attributeTag, tag})
		}
	}
	return terms
}

// isTerm tells whether a text can be a term's value: it is printable, so it has no zero byte, which ends a value in a key.
func isTerm(text string) bool {
	return len(text) > 0 && len(text) <= maxTerm && utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

// imageTerms gives the terms that an order's image has, each once.
func imageTerms(o *core.OrderImage) []Term {
	terms := make([]Term, 0, 6+len(o.Lines)+len(o.Allocations))
	terms = append(terms, Term{attribute: attributeAll}, Customer(o.Customer), Status(o.Status), Channel(o.Channel))
	if len(o.ExternalID) > 0 {
		terms = append(terms, External(o.ExternalID))
	}
	if o.OnHold != 0 {
		terms = append(terms, OnHold(0))
	}
	for rest := o.OnHold; rest != 0; rest &= rest - 1 {
		terms = append(terms, OnHold(rest&-rest))
	}
	for i := range o.Lines {
		terms = addTerm(terms, SKU(o.Lines[i].SKU))
	}
	if o.Life != nil {
		for i := range o.Life.Fulfilments {
			if f := &o.Life.Fulfilments[i]; f.Status != core.FulfilmentOpen {
				terms = addTerm(addTerm(terms, Work(f.Location, f.Status)), AnyWork(f.Status))
			}
		}
	}
	for i := range o.Allocations {
		terms = addTerm(terms, Location(o.Allocations[i].Location))
	}
	if o.Life != nil {
		terms = addReturns(terms, o.Life)
	}
	if status := o.PaymentStatus(); status != core.PaymentNone {
		terms = append(terms, Payment(status))
	}
	return addFailed(addTasks(terms, o.Account), o)
}

// addReturns adds the terms of an order's returns.
func addReturns(terms []Term, life *core.LifeImage) []Term {
	if len(life.Returns) > 0 {
		terms = append(terms, Return(0))
	}
	for i := range life.Returns {
		terms = addTerm(terms, Return(life.Returns[i].Status))
	}
	for i := range life.Refunds {
		if life.Refunds[i].Credit {
			terms = addTerm(terms, Credited())
		}
	}
	return terms
}

// addTasks adds the terms of what is to be carried out of an order's payments.
func addTasks(terms []Term, a *core.AccountImage) []Term {
	if a == nil {
		return terms
	}
	for i := range a.Entries {
		if e := &a.Entries[i]; e.Task && e.Status.IsOpen() {
			terms = addTerm(terms, Tasks(e.Type))
			terms = addTerm(terms, Tasks(0))
		}
	}
	return terms
}

// addFailed adds the terms of the tasks of an order's payments that failed and are outstanding.
func addFailed(terms []Term, o *core.OrderImage) []Term {
	for _, f := range o.FailedTasks() {
		terms = addTerm(terms, Failed(o.Account.Entries[f.Entry-1].Type))
		terms = addTerm(terms, Failed(0))
	}
	return terms
}

func addTerm(terms []Term, t Term) []Term {
	for i := len(terms) - 1; i >= 0 && terms[i].attribute == t.attribute; i-- {
		if terms[i] == t {
			return terms
		}
	}
	return append(terms, t)
}

// isOfDocument tells whether terms of the attribute come from the document.
func (a attribute) isOfDocument() bool { return a == attributeEmail || a == attributeTag }
