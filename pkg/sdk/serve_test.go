package sdk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"reflect"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/kubemuster/kubemuster/internal/pluginpb"
)

// plain answers with what a test gives it.
type plain struct {
	access *Access
	token  *Token
	err    error
	got    *Target
}

func (plain) Info() Info { return example }

func (p plain) Access(_ context.Context, t Target) (*Access, error) {
	*p.got = t
	return p.access, p.err
}

func (p plain) Token(context.Context, Target) (*Token, error) { return p.token, p.err }

// full has every capability.
type full struct {
	plain
	facts *Facts
}

func (full) Discover(_ context.Context, s Scope) iter.Seq2[Target, error] {
	return func(yield func(Target, error) bool) {
		_ = yield(Target{Provider: "acme", Name: "acme://" + s.Path["region"] + "/a", Path: s.Path, Params: s.Params}, nil) &&
			yield(Target{}, Errorf(ErrPermissionDenied, "ask for it", "region south: token=%s", value)) &&
			yield(Target{Provider: "acme", Name: "acme://north/b"}, nil)
	}
}

func (f full) Facts(context.Context, Target) (*Facts, error) { return f.facts, f.err }

func TestServedInfo(t *testing.T) {
	for _, c := range []struct {
		provider Provider
		want     []string
	}{
		{plain{}, nil},
		{full{}, []string{"discovery", "facts"}},
	} {
		r, err := server{provider: c.provider}.Info(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(r.GetCapabilities(), c.want) || r.GetName() != "acme" || r.GetPath() != example.Path || len(r.GetParameters()) != len(example.Parameters) {
			t.Errorf("%T tells %v", c.provider, r)
		}
		if p := r.GetParameters()[1]; p.GetType() != "enum" || !reflect.DeepEqual(p.GetValues(), example.Parameters[1].Values) || p.GetDefault() != "public" {
			t.Errorf("parameter %v", p)
		}
	}
}

func TestServedAnswers(t *testing.T) {
	expiry := time.Now().Add(time.Hour).UTC()
	var got Target
	s := server{provider: plain{
		access: &Access{Server: "https://api.test", Trust: ClusterCA([]byte("pem")), TLSServerName: "n", ProxyURL: "http://p", Cluster: Cluster{"p", "a", "r", "n", "i"}, Hint: "h"},
		token:  &Token{Value: NewSecret(value), ClientCertificate: []byte("cert"), ClientKey: NewSecret("key"), Expiry: expiry},
		got:    &got,
	}}
	a, err := s.Access(t.Context(), &pluginpb.AccessRequest{Target: &pluginpb.Target{Provider: "acme", Name: "acme://x", Secrets: map[string]string{"password": value}}})
	if err != nil {
		t.Fatal(err)
	}
	if a.GetServer() != "https://api.test" || string(a.GetTrust().GetClusterCa()) != "pem" || a.GetTlsServerName() != "n" || a.GetProxyUrl() != "http://p" ||
		a.GetHint() != "h" || a.GetCluster().GetAccount() != "a" || a.GetCluster().GetId() != "i" {
		t.Errorf("access %v", a)
	}
	if got.Provider != "acme" || got.Secrets["password"].Reveal() != value {
		t.Errorf("the provider got %v", got)
	}
	tok, err := s.Token(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if tok.GetValue() != value || string(tok.GetClientCertificate()) != "cert" || string(tok.GetClientKey()) != "key" || !tok.GetExpiry().AsTime().Equal(expiry) {
		t.Error("the token did not arrive")
	}
	// The empty trust stays empty, and no expiry stays none.
	empty := server{provider: plain{access: &Access{}, token: &Token{}, got: &got}}
	if a, err := empty.Access(t.Context(), nil); err != nil || a.GetTrust().GetRoots() != nil {
		t.Errorf("empty trust: %v, %v", a, err)
	}
	if tok, err := empty.Token(t.Context(), nil); err != nil || tok.GetExpiry() != nil {
		t.Errorf("no expiry: %v, %v", tok, err)
	}
	system := server{provider: plain{access: &Access{Trust: SystemRoots([]byte("extra"))}, got: &got}}
	if a, err := system.Access(t.Context(), nil); err != nil || string(a.GetTrust().GetSystemRoots().GetExtra()) != "extra" {
		t.Errorf("system's roots: %v, %v", a, err)
	}
}

func TestServedFailures(t *testing.T) {
	var got Target
	for _, c := range []struct {
		err                 error
		code                codes.Code
		message, hint, name string
	}{
		{nil, codes.Unknown, "the plugin gave neither an answer nor an error", "", "nothing"},
		{errors.New("password=" + value), codes.Unknown, "password=[redacted]", "", "untyped"},
		{Errorf(ErrTargetNotFound, "token="+value, "no token=%s", value), codes.NotFound, "no token=[redacted]", "token=[redacted]", "typed"},
		{fmt.Errorf("reading: %w", Errorf(ErrUnsupported, "hint", "message")), codes.FailedPrecondition, "message", "hint", "wrapped"},
		{context.DeadlineExceeded, codes.Unavailable, "context deadline exceeded", "", "deadline"},
		{fmt.Errorf("asking: %w", context.Canceled), codes.Unavailable, "asking: context canceled", "", "canceled"},
		{errors.New("\xff"), codes.Unknown, "\uFFFD", "", "no UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := server{provider: full{plain: plain{err: c.err, got: &got}}}
			_, accessErr := s.Access(t.Context(), nil)
			_, tokenErr := s.Token(t.Context(), nil)
			_, factsErr := s.Facts(t.Context(), nil)
			for _, err := range []error{accessErr, tokenErr, factsErr} {
				st := status.Convert(err)
				if st.Code() != c.code || st.Message() != c.message {
					t.Errorf("%v %q, want %v %q", st.Code(), st.Message(), c.code, c.message)
				}
				if d := st.Details(); len(d) != 1 || d[0].(*pluginpb.ErrorDetail).GetHint() != c.hint {
					t.Errorf("details %v", d)
				}
			}
		})
	}
}

// A host that has given up is not answered: it would take the answer for the plugin's own.
func TestServedTooLate(t *testing.T) {
	var got Target
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for err, want := range map[error]codes.Code{
		fmt.Errorf("asking: %w", context.Canceled):             codes.Canceled,
		errors.New("connection closed"):                        codes.Canceled,
		Errorf(ErrUnavailable, "", "the cloud did not answer"): codes.Unavailable,
	} {
		_, err := server{provider: plain{err: err, got: &got}}.Access(ctx, nil)
		if st := status.Convert(err); st.Code() != want || (len(st.Details()) > 0) != (want == codes.Unavailable) {
			t.Errorf("got %v %v", st, st.Details())
		}
	}
}

// received collects what a stream is sent.
type received struct {
	grpc.ServerStream
	ctx  context.Context
	sent []*pluginpb.DiscoverResponse
	err  error
}

func (r *received) Context() context.Context { return r.ctx }

func (r *received) Send(m *pluginpb.DiscoverResponse) error {
	r.sent = append(r.sent, m)
	return r.err
}

func TestServedCapabilities(t *testing.T) {
	scope := &pluginpb.DiscoverRequest{Path: map[string]string{"region": "north"}, Params: map[string]string{"profile": "p"}}
	all := &received{ctx: t.Context()}
	if err := (server{provider: full{}}).Discover(scope, all); err != nil {
		t.Fatal(err)
	}
	if len(all.sent) != 3 || all.sent[0].GetTarget().GetName() != "acme://north/a" || all.sent[0].GetTarget().GetParams()["profile"] != "p" || all.sent[2].GetTarget().GetName() != "acme://north/b" {
		t.Errorf("sent %v", all.sent)
	}
	if e := all.sent[1].GetError(); e.GetCode() != int32(codes.PermissionDenied) || e.GetMessage() != "region south: token=[redacted]" || e.GetHint() != "ask for it" {
		t.Errorf("error %v", e)
	}
	broken := &received{ctx: t.Context(), err: errors.New("gone")}
	if err := (server{provider: full{}}).Discover(scope, broken); !errors.Is(err, broken.err) || len(broken.sent) != 1 {
		t.Errorf("a broken stream: %v behind %d", err, len(broken.sent))
	}
	f, err := server{provider: full{facts: &Facts{Schema: "acme/v1", Document: []byte("{}")}}}.Facts(t.Context(), nil)
	if err != nil || f.GetSchema() != "acme/v1" || string(f.GetDocument()) != "{}" {
		t.Errorf("facts %v, %v", f, err)
	}
	if err := (server{provider: plain{}}).Discover(scope, all); status.Code(err) != codes.Unimplemented {
		t.Errorf("no discovery: %v", err)
	}
	if _, err := (server{provider: plain{}}).Facts(t.Context(), nil); status.Code(err) != codes.Unimplemented {
		t.Errorf("no facts: %v", err)
	}
}

// The host looks for slog's own attributes under other names; a plugin may use the same ones for anything.
func TestHostAttr(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{ReplaceAttr: hostAttr}))
	log.Warn("message", "time", "noon", "level", 3, slog.Group("in", "msg", "inner", "time", time.Time{}))
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if _, err := time.Parse(time.RFC3339, got["@timestamp"].(string)); err != nil {
		t.Error(err)
	}
	delete(got, "@timestamp")
	want := map[string]any{"@level": "WARN", "@message": "message", "time": "noon", "level": 3.0, "in": map[string]any{"msg": "inner", "time": "0001-01-01T00:00:00Z"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}
