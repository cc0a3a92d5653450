package e2e

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// A scan that takes longer than its tokens live reads everything all the same. The API server hands out the ClusterRoles
// in small pages, and twice a page takes until the token that it was asked for with has ended: once the answer is held
// back, so that the scanner must renew the token by itself for the page after it; once the request is, so that the token
// ends on its way and the server refuses it.
func TestTokensEndDuringScan(t *testing.T) {
	for i, c := range []cloud{world.eksBriefly, world.gkeBriefly, world.aksBriefly} {
		t.Run(c.provider(), func(t *testing.T) {
			t.Parallel()
			slow := &slowPages{limit: 25 + i, held: map[string]bool{}, used: map[string]bool{}}
			slow.wait = func(token string) {
				eventually(t, "the server's refusal of a token that has ended", func() bool { return world.prod.status(t, token) == http.StatusUnauthorized })
			}
			register(c, "slow", world.prod, gate(t, world.prod, slow.request, slow.answer))
			s := scanRaced(t, c.env(reader), c.target("slow", reader))
			s.checkComplete(t)
			r := s.only(t)
			checkHolds(t, r.findings(t), prodFindings)
			slow.check(t, r)
			slow.checkRefused(t, c)
		})
	}
}

// A token that is revoked before its time is replaced when the server refuses it.
func TestTokenRevokedDuringScan(t *testing.T) {
	t.Parallel()
	c := world.gke
	slow := &slowPages{limit: 24, held: map[string]bool{}, used: map[string]bool{}}
	slow.wait = func(token string) {
		c.(gkeCloud).Revoke(token)
		eventually(t, "the server's refusal of a revoked token", func() bool { return world.prod.status(t, token) == http.StatusUnauthorized })
	}
	register(c, "revoking", world.prod, gate(t, world.prod, slow.request, slow.answer))
	s := scan(t, c.env(reader), c.target("revoking", reader))
	s.checkComplete(t)
	slow.check(t, s.only(t))
	slow.checkRefused(t, c)
}

// slowPages makes small pages of the ClusterRoles, and waits for the end of a token at two of them.
type slowPages struct {
	limit int // objects a page: there are about 70, and no two scans of the tests use the same
	wait  func(token string)

	mu    sync.Mutex
	pages int
	held  map[string]bool // continue tokens of the pages that were held
	used  map[string]bool // bearer tokens
}

// request sees a request before the server does.
func (s *slowPages) request(r *http.Request) {
	token := bearer(r)
	s.mu.Lock()
	s.used[token] = true
	if !strings.HasSuffix(r.URL.Path, "/clusterroles") {
		s.mu.Unlock()
		return
	}
	query := r.URL.Query()
	query.Set("limit", strconv.Itoa(s.limit))
	r.URL.RawQuery = query.Encode()
	at := query.Get("continue")
	again := s.held[at]
	s.held[at] = true
	if !again {
		s.pages++
	}
	hold := s.pages == 3 && !again
	s.mu.Unlock()
	if hold {
		s.wait(token)
	}
}

// answer sees a request when the server has answered it.
func (s *slowPages) answer(r *http.Request) {
	if !strings.HasSuffix(r.URL.Path, "/clusterroles") || r.URL.Query().Get("continue") != "" {
		return
	}
	s.wait(bearer(r))
}

func (s *slowPages) check(t *testing.T, r sarifRun) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pages < 3 || len(s.used) < 3 {
		t.Errorf("the scan read %d pages with %d tokens: it did not outlive them", s.pages, len(s.used))
	}
	client, err := kubernetes.NewForConfig(world.prod.Admin)
	if err != nil {
		t.Fatal(err)
	}
	roles, err := client.RbacV1().ClusterRoles().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if n := r.Properties.Objects["ClusterRole"]; n != len(roles.Items) {
		t.Errorf("the scan read %d ClusterRoles of %d", n, len(roles.Items))
	}
}

// checkRefused checks in the server's own log that it has refused a token of the scanner's, for a page that the scanner
// then read with another.
func (s *slowPages) checkRefused(t *testing.T, c cloud) {
	t.Helper()
	events, err := world.prod.Audit()
	if err != nil {
		t.Fatal(err)
	}
	refused := map[string]bool{}
	for _, e := range ofScanner(events) {
		if uri, err := url.Parse(e.RequestURI); err != nil || uri.Query().Get("limit") != strconv.Itoa(s.limit) {
			continue
		}
		switch code := e.ResponseStatus.Code; {
		case code == http.StatusUnauthorized:
			refused[e.RequestURI] = true
		case code == http.StatusOK && refused[e.RequestURI] && e.User.Username == c.user(reader):
			return
		}
	}
	t.Errorf("the server's log holds no refused request that %s then sent with another token", c.user(reader))
}
