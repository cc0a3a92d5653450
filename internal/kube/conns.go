package kube

import (
	"context"
	"net"
	"sync"
)

// conns are the connections of one cluster's clients, so that all can be closed: http.Transport closes those that are idle,
// and one of HTTP/2 is not yet when a request on it has just been given up.
type conns struct {
	dialer *net.Dialer

	mu     sync.Mutex
	open   map[*conn]bool
	closed bool
}

type conn struct {
	net.Conn
	of *conns
}

func (c *conns) dial(ctx context.Context, network, address string) (net.Conn, error) {
	raw, err := c.dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		_ = raw.Close()
		return nil, net.ErrClosed
	}
	out := &conn{raw, c}
	c.open[out] = true
	return out, nil
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// close closes what is open, and what is yet to be opened.
func (c *conns) close() {
	c.mu.Lock()
	c.closed = true
	left := c.open
	c.open = nil
	c.mu.Unlock()
	for conn := range left {
		_ = conn.Conn.Close()
	}
}
