package engine

import "holdfast/engine/core"

// caseRead asks for an oversold case and, unless most is 0, for who might not be served, of one moment.
type caseRead struct {
	id      core.CaseID
	victims core.VictimQuery
	image   core.CaseImage
	ranking core.VictimRanking
	found   bool
}

func (q *caseRead) read(m *core.Machine) {
	if q.found = m.ReadCase(q.id, &q.image); q.found && q.victims.Most > 0 {
		m.RankVictims(&q.victims, &q.ranking)
	}
}

// ReadCase gives an oversold case; ErrNotFound comes with the sequence.
func (e *Engine) ReadCase(id core.CaseID) (core.CaseImage, core.Sequence, error) {
	q := caseRead{id: id}
	sequence, err := e.readCase(&q)
	return q.image, sequence, err
}

// ReadVictims gives an oversold case, and ranks who might not be served so that it is resolved. No command runs meanwhile: some 20 ms if there are millions of
// orders.
func (e *Engine) ReadVictims(id core.CaseID, policy core.VictimPolicy, channels []core.ChannelID, most int) (core.CaseImage, core.VictimRanking, core.Sequence, error) {
	q := caseRead{id: id, victims: core.VictimQuery{SKU: id.SKU, Policy: policy, Channels: channels, Most: most}}
	sequence, err := e.readCase(&q)
	return q.image, q.ranking, sequence, err
}

func (e *Engine) readCase(q *caseRead) (core.Sequence, error) {
	if !e.mayExist(q.id.Order) {
		return e.Sequence(), ErrNotFound
	}
	sequence, err := e.ask(q)
	if err == nil && !q.found {
		err = ErrNotFound
	}
	return sequence, err
}

// casesRead asks for a list of cases.
type casesRead struct {
	query core.CaseQuery
	list  []core.CaseImage
	more  bool
	found bool
}

func (q *casesRead) read(m *core.Machine) { q.list, q.more, q.found = m.ReadCases(&q.query, q.list) }

// ReadCases appends cases to dst in the order in which they were opened; more tells that there are others behind them. ErrNotFound says that
// there is no case that the list is to go on behind.
func (e *Engine) ReadCases(dst []core.CaseImage, query core.CaseQuery) (list []core.CaseImage, more bool, sequence core.Sequence, err error) {
	q := casesRead{query: query, list: dst}
	sequence, err = e.ask(&q)
	if err == nil && !q.found {
		err = ErrNotFound
	}
	return q.list, q.more, sequence, err
}
