package kube

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// issuer issues token-1, token-2 and so on, each for the same time.
type issuer struct {
	life time.Duration // zero: for ever

	mu     sync.Mutex
	err    error         // fails where set
	wait   chan struct{} // waits where set
	issued int           // calls, the failed ones too
}

func (i *issuer) issue(ctx context.Context) (*sdk.Token, error) {
	i.mu.Lock()
	i.issued++
	n, err, wait := i.issued, i.err, i.wait
	i.mu.Unlock()
	if wait != nil {
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if err != nil {
		return nil, err
	}
	tok := &sdk.Token{Value: sdk.NewSecret(fmt.Sprintf("token-%d", n))}
	if i.life != 0 {
		tok.Expiry = time.Now().Add(i.life)
	}
	return tok, nil
}

func (i *issuer) set(err error, wait chan struct{}) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.err, i.wait = err, wait
}

func (i *issuer) calls() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.issued
}

func value(t *testing.T, s *TokenSource) string {
	t.Helper()
	tok, err := s.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return tok.Value.Reveal()
}

func TestOneIssueServesAllWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{wait: make(chan struct{})}
		s := NewTokenSource(i.issue)
		var waiters sync.WaitGroup
		for range 20 {
			waiters.Go(func() {
				if tok, err := s.Token(t.Context()); err != nil || tok.Value.Reveal() != "token-1" {
					t.Errorf("got %v, %v", tok, err)
				}
			})
		}
		synctest.Wait()
		close(i.wait)
		waiters.Wait()
		if i.calls() != 1 {
			t.Errorf("issued %d tokens for twenty who waited at once", i.calls())
		}
	})
}

func TestTokenIsRenewedBeforeItEnds(t *testing.T) {
	tests := []struct {
		name string
		life time.Duration
		age  time.Duration // when the token is asked for again
		want string        // the token of the request after that
	}{
		{"fresh", time.Hour, 58*time.Minute + 59*time.Second, "token-1"},
		{"a minute before its end", time.Hour, 59 * time.Minute, "token-2"},
		{"short, in its first half", time.Minute, 29 * time.Second, "token-1"},
		{"short, in its second half", time.Minute, 30 * time.Second, "token-2"},
		{"long expired", time.Hour, 24 * time.Hour, "token-2"},
		{"without an end", 0, 1000 * time.Hour, "token-1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				i := &issuer{life: tt.life}
				s := NewTokenSource(i.issue)
				value(t, s)
				time.Sleep(tt.age)
				first := value(t, s) // the old one while it lasts
				if tt.age < tt.life && first != "token-1" {
					t.Errorf("a live token was given up for %s", first)
				}
				synctest.Wait()
				if got := value(t, s); got != tt.want {
					t.Errorf("got %s, want %s", got, tt.want)
				}
			})
		})
	}
}

// A cloud that has become slow must not hold up reads that the current token still serves.
func TestSlowRenewalHoldsUpNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{life: time.Hour}
		s := NewTokenSource(i.issue)
		value(t, s)
		time.Sleep(59 * time.Minute)
		slow := make(chan struct{})
		i.set(nil, slow)
		for range 10 {
			if got := value(t, s); got != "token-1" {
				t.Fatalf("got %s", got)
			}
		}
		time.Sleep(time.Minute) // now it has expired, and only the new one will do
		waiting := make(chan string)
		go func() { waiting <- value(t, s) }()
		synctest.Wait()
		close(slow)
		if got := <-waiting; got != "token-2" || i.calls() != 2 {
			t.Errorf("got %s after %d issues", got, i.calls())
		}
	})
}

func TestFailedRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{life: time.Hour}
		s := NewTokenSource(i.issue)
		value(t, s)
		down := errors.New("the cloud is down")
		i.set(down, nil)
		time.Sleep(59 * time.Minute)
		for range 60 { // one request a second, for as long as the token lasts
			if got := value(t, s); got != "token-1" {
				t.Fatalf("got %s", got)
			}
			synctest.Wait()
			time.Sleep(time.Second)
		}
		if got := i.calls() - 1; got != 12 {
			t.Errorf("tried %d times in a minute, want once every %s", got, renewalPause)
		}
		if tok, err := s.Token(t.Context()); !errors.Is(err, down) {
			t.Errorf("an expired token is handed out: %v, %v", tok, err)
		}
		i.set(nil, nil)
		if got := value(t, s); got == "token-1" {
			t.Error("the cloud is back, and the expired token still there")
		}
	})
}

func TestWaiterGivesUpAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{wait: make(chan struct{})}
		s := NewTokenSource(i.issue)
		ctx, cancel := context.WithCancel(t.Context())
		first, second := make(chan error), make(chan error)
		wait := func(ctx context.Context, done chan error) {
			_, err := s.Token(ctx)
			done <- err
		}
		go wait(ctx, first)
		synctest.Wait() // the issue is the first one's
		go wait(t.Context(), second)
		synctest.Wait()
		cancel()
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		close(i.wait)
		if err := <-second; err != nil || i.calls() != 1 {
			t.Errorf("the other who waits fails, too: %v after %d issues", err, i.calls())
		}
	})
}

func TestIssueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewTokenSource((&issuer{wait: make(chan struct{})}).issue)
		start := time.Now()
		if _, err := s.Token(t.Context()); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != issueTimeout {
			t.Errorf("ended after %s with %v", time.Since(start), err)
		}
	})
}

func TestRefusedDropsThatTokenOnly(t *testing.T) {
	i := &issuer{}
	s := NewTokenSource(i.issue)
	first, _ := s.Token(t.Context())
	s.refused(first)
	second, _ := s.Token(t.Context())
	if second == first {
		t.Fatal("the refused token is handed out again")
	}
	s.refused(first) // a late answer to a request with the first one
	if third, _ := s.Token(t.Context()); third != second || i.calls() != 2 {
		t.Errorf("a token that nobody refused was dropped: %d issues", i.calls())
	}
}
