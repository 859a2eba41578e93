package engine

import "holdfast/engine/core"

// EnsureChannel gives a channel's number, and makes the channel when there is none of the name. It returns
// ErrNotFound when there are so many channels that no more come into being by being named.
func (e *Engine) EnsureChannel(name []byte) (core.ChannelID, error) {
	if id, ok := e.Channel(name); ok {
		return id, nil
	}
	e.namingChannels.Lock()
	defer e.namingChannels.Unlock()
	if e.Channels() >= MaxNamedChannels {
		return 0, ErrNotFound
	}
	r := AcquireRequest()
	defer ReleaseRequest(r)
	r.Add(&core.Command{Kind: core.CommandDefineChannel, Name: name})
	if err := e.Submit(r); err != nil {
		return 0, err
	}
	if id, ok := e.Channel(name); ok {
		return id, nil
	}
	return 0, ErrNotFound
}

// ChannelFor gives the number of the channel that an order or a hold names. One that is not there is made, but only if the command
// would be accepted now, so that what is refused leaves none behind; else it gives the refusal. The command is changed no further than its channel.
// Somebody else may take the last unit between the question and the command: then the channel stays, without an order.
func (e *Engine) ChannelFor(name []byte, c *core.Command) (*core.Refusal, error) {
	if id, ok := e.Channel(name); ok {
		c.Channel = id
		return nil, nil
	}
	if e.Channels() >= MaxNamedChannels {
		return nil, ErrNotFound
	}
	c.Channel = core.NewChannel
	p, _, err := e.Preview(c)
	if err != nil || p.Refusal != nil {
		return p.Refusal, err
	}
	c.Channel, err = e.EnsureChannel(name)
	return nil, err
}
