package kube

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/kubemuster/kubemuster/internal/snapshot"
	"github.com/kubemuster/kubemuster/pkg/sdk"
)

var quiet = log.New(io.Discard, "", 0) // refused handshakes are what some tests are about

// version is a server that tells its version, and that is too old to tell the caller who it is.
func version(v string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/version" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"gitVersion":%q}`, v)
	}
}

// status answers with a code and a text, as gateways do.
func status(code int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, text, code) }
}

// review answers self-subject reviews with h, and all else as version does.
func review(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/selfsubjectreviews") {
			h(w, r)
			return
		}
		version("v1.37.2")(w, r)
	}
}

func jsonBody(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		fmt.Fprint(w, body)
	}
}

func TestPreflight(t *testing.T) {
	ada := `{"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1","status":{"userInfo":{"username":"ada","groups":["auditors"]}}}`
	tests := []struct {
		name string
		api  http.HandlerFunc
		want Identity
		err  string // after "the API server URL "
		kind error
	}{
		{"all is well", review(jsonBody(201, ada)), Identity{"ada", []string{"auditors"}}, "", nil},
		{"too old to tell who asks", version("v1.27.1"), Identity{}, "", nil},
		{"keeps to itself who asks", review(jsonBody(403, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403}`)), Identity{}, "", nil},
		{"takes no review", review(status(405, "")), Identity{}, "", nil},
		{"does not accept the token", status(401, "Unauthorized"), Identity{}, "does not accept the token; bind the identity", sdk.ErrUnauthenticated},
		{"refuses the identity", status(403, "Forbidden"), Identity{}, "refuses the identity; bind the identity", sdk.ErrPermissionDenied},
		{"fails", status(500, "a\nlong\nstory"), Identity{}, "fails: 500; try again later", sdk.ErrUnavailable},
		{"has no backend", status(503, "no healthy upstream"), Identity{}, "fails: 503; try again later", sdk.ErrUnavailable},
		{"is a web site", status(200, "<!DOCTYPE html>\n<html>"), Identity{}, "cannot be used: ", sdk.ErrUnavailable},
		{"is a web site that takes no reviews", func(w http.ResponseWriter, r *http.Request) {
			status(map[bool]int{true: 200, false: 404}[r.URL.Path == "/version"], "<!DOCTYPE html>")(w, r)
		}, Identity{}, "cannot be used: it does not tell its version", sdk.ErrUnavailable},
		{"knows nothing", status(404, "nothing here"), Identity{}, "cannot be used: the server could not find the requested resource; check that the endpoint", sdk.ErrUnavailable},
		{"tells no version", version(""), Identity{}, "cannot be used: it does not tell its version", sdk.ErrUnavailable},
		{"hangs up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, Identity{}, "cannot be used: ", sdk.ErrUnavailable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			access := serve(t, tt.api)
			v, who, err := Preflight(t.Context(), configFor(t, access, (&issuer{}).issue), access)
			if tt.kind == nil {
				if err != nil || v == "" || who.User != tt.want.User || !slices.Equal(who.Groups, tt.want.Groups) {
					t.Errorf("got %q, %v, %v", v, who, err)
				}
				return
			}
			if err == nil || !strings.HasPrefix(err.Error(), "the API server "+access.Server+" "+tt.err) || !errors.Is(err, tt.kind) {
				t.Fatalf("got %v", err)
			}
			oneSentence(t, err)
		})
	}
}

func oneSentence(t *testing.T, err error) {
	t.Helper()
	if text := err.Error(); strings.ContainsAny(text, "\n\t") || strings.Contains(text, "token-") || len(text) > 500 {
		t.Errorf("this is not one sentence without a secret: %q", text)
	}
}

func TestPreflightUnreachable(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	access := &sdk.Access{Server: "https://" + l.Addr().String(), Trust: sdk.ClusterCA(ca.PEM())}
	_ = l.Close() // nobody listens there now
	_, _, err = Preflight(t.Context(), configFor(t, access, (&issuer{}).issue), access)
	if err == nil || !strings.Contains(err.Error(), access.Server+" cannot be reached (connect: connection refused); check that it can be reached from here") {
		t.Fatalf("got %v", err)
	}
	oneSentence(t, err)
}

// The answer never comes: every request of the preflight ends with its context.
func TestPreflightInTime(t *testing.T) {
	for _, path := range []string{"/apis/authentication.k8s.io/v1/selfsubjectreviews", "/version"} {
		ctx, cancel := context.WithCancelCause(t.Context())
		access := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != path {
				http.NotFound(w, r)
				return
			}
			cancel(nil)
			<-r.Context().Done()
		}))
		_, _, err := Preflight(ctx, configFor(t, access, (&issuer{}).issue), access)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v", path, err)
		}
	}
}

func TestPreflightWithoutToken(t *testing.T) {
	api := &recorder{}
	access := serve(t, api)
	issue := func(context.Context) (*sdk.Token, error) {
		return nil, sdk.Errorf(sdk.ErrUnauthenticated, "log in again", "the session has ended")
	}
	_, _, err := Preflight(t.Context(), configFor(t, access, issue), access)
	if err == nil || err.Error() != "the session has ended; log in again" || len(api.headers("")) > 0 {
		t.Errorf("got %v after %d requests", err, len(api.headers("")))
	}
}

// What cannot be brought about here, or would ask a resolver, is told from the error that it leads to.
func TestExplain(t *testing.T) {
	access := &sdk.Access{Server: "https://api.example"}
	tests := map[string]struct {
		err  error
		want string
	}{
		"no such name": {
			&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "api.example"}},
			"the API server's name api.example cannot be resolved; a private cluster is reached from inside its network only",
		},
		"no route":            {&net.OpError{Op: "dial", Err: errors.New("i/o timeout")}, "the API server https://api.example cannot be reached (i/o timeout)"},
		"no answer":           {fmt.Errorf("reading: %w", context.DeadlineExceeded), "the API server https://api.example did not answer in time"},
		"expired certificate": {x509.CertificateInvalidError{Reason: x509.Expired}, "the certificate of the API server https://api.example is not valid at this time"},
		"no authority":        {x509.CertificateInvalidError{Reason: x509.NotAuthorizedToSign}, "is not signed by the cluster's authority"},
	}
	for name, tt := range tests {
		got := explain(tt.err, access)
		if !strings.Contains(got.Error(), tt.want) || !errors.Is(got, sdk.ErrUnavailable) {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestMayList(t *testing.T) {
	pods, _ := snapshot.KindNamed("Pod")
	answer := `{"kind":"SelfSubjectAccessReview","apiVersion":"authorization.k8s.io/v1","status":{"allowed":%t}}`
	for _, may := range []bool{true, false} {
		access := serve(t, jsonBody(201, fmt.Sprintf(answer, may)))
		got, err := MayList(t.Context(), configFor(t, access, (&issuer{}).issue), pods, "")
		if err != nil || got != may {
			t.Errorf("got %t, %v", got, err)
		}
	}
	access := serve(t, status(401, "Unauthorized"))
	_, err := MayList(t.Context(), configFor(t, access, (&issuer{}).issue), pods, "")
	if !errors.Is(err, sdk.ErrUnauthenticated) || !strings.Contains(err.Error(), access.Server) {
		t.Errorf("got %v", err)
	}
}
