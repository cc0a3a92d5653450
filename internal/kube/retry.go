package kube

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// attempts at one request that fails for a passing reason. client-go itself waits and retries where the server says when
// (Retry-After) and where a connection is reset before the answer.
const attempts = 3

// Retry sends a request that changes nothing, and sends it again while it fails for a reason that may pass, three times in
// all. It returns the last failure.
func Retry(ctx context.Context, send func() error) error {
	for attempt := 1; ; attempt++ {
		err := send()
		if err == nil || attempt == attempts || !passing(err) || ctx.Err() != nil {
			return err
		}
		select {
		case <-time.After(time.Duration(attempt) * 300 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// passing reports whether asking again may help. It may where the network broke off, and not where it was waited for long
// enough.
func passing(err error) bool {
	var known *sdk.Error
	var st apierrors.APIStatus
	var network net.Error
	switch {
	case errors.As(err, &known):
		return errors.Is(known, sdk.ErrUnavailable)
	case errors.As(err, &st):
		return st.Status().Code == http.StatusTooManyRequests || st.Status().Code >= http.StatusInternalServerError
	case errors.As(err, &network) && network.Timeout(): // context.DeadlineExceeded, too
		return false
	}
	return !errors.Is(err, context.Canceled) && !untrusted(err)
}
