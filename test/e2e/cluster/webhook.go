package cluster

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubemuster/kubemuster/internal/cloudfake"
)

// Review is a verdict on a token that the API server asked the webhook for.
type Review struct {
	Token string
	User  User
	Err   error // why the token was refused; nil if it was not
}

// Reviews returns the webhook's verdicts so far.
func (c *Cluster) Reviews() []Review {
	c.webhook.mu.Lock()
	defer c.webhook.mu.Unlock()
	return slices.Clone(c.webhook.reviews)
}

// webhook is a token authentication webhook (authentication.k8s.io/v1 TokenReview).
type webhook struct {
	*httptest.Server
	authenticate func(token string) (User, error)

	mu      sync.Mutex
	reviews []Review
}

func serveWebhook(ca *cloudfake.CA, authenticate func(string) (User, error)) *webhook {
	w := &webhook{authenticate: authenticate}
	if authenticate == nil {
		w.authenticate = func(string) (User, error) { return User{}, errors.New("no token is accepted") }
	}
	w.Server = ca.Serve(http.HandlerFunc(w.review))
	return w
}

func (w *webhook) close() {
	w.CloseClientConnections()
	w.Close()
}

func (w *webhook) review(rw http.ResponseWriter, r *http.Request) {
	var asked authenticationv1.TokenReview
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	user, err := w.authenticate(asked.Spec.Token)
	w.mu.Lock()
	w.reviews = append(w.reviews, Review{asked.Spec.Token, user, err})
	w.mu.Unlock()
	answer := authenticationv1.TokenReview{
		TypeMeta: metav1.TypeMeta{APIVersion: authenticationv1.SchemeGroupVersion.String(), Kind: "TokenReview"},
	}
	if err != nil {
		answer.Status.Error = err.Error()
	} else {
		answer.Status.Authenticated = true
		answer.Status.User = authenticationv1.UserInfo{Username: user.Name, Groups: user.Groups}
	}
	rw.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(rw).Encode(answer)
}
