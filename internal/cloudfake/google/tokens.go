package google

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	grantJWT      = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	grantExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
	clientID      = "kubemuster-test.apps.googleusercontent.com"
	clientSecret  = "fake-client-secret"
	poolAudience  = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/test"
)

// token is oauth2.googleapis.com/token: a service account's signed grant (RFC 7523) or a user's refresh token.
func (c *Cloud) token(w http.ResponseWriter, r *http.Request) {
	var email string
	var scopes []string
	var err error
	switch r.PostFormValue("grant_type") {
	case grantJWT:
		email, scopes, err = c.checkAssertion(r.PostFormValue("assertion"))
	case "refresh_token":
		// The scopes of a refresh token are those that the user consented to.
		scopes = []string{ScopeCloudPlatform, ScopeEmail}
		if r.PostFormValue("client_id") != clientID || r.PostFormValue("client_secret") != clientSecret {
			oauthError(w, http.StatusUnauthorized, "invalid_client")
			return
		}
		email, err = c.secretOwner(r.PostFormValue("refresh_token"))
	default:
		oauthError(w, http.StatusBadRequest, "unsupported_grant_type")
		return
	}
	if err != nil {
		oauthError(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	c.answer(w, email, scopes)
}

// exchange is sts.googleapis.com/v1/token (RFC 8693): a workload's subject token for a federated access token.
func (c *Cloud) exchange(w http.ResponseWriter, r *http.Request) {
	if r.PostFormValue("grant_type") != grantExchange || r.PostFormValue("audience") != poolAudience {
		oauthError(w, http.StatusBadRequest, "invalid_target")
		return
	}
	email, err := c.secretOwner(r.PostFormValue("subject_token"))
	if err != nil {
		oauthError(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	c.answer(w, email, strings.Fields(r.PostFormValue("scope")))
}

// generateAccessToken is iamcredentials.googleapis.com: a token for a service account, asked for by another identity.
func (c *Cloud) generateAccessToken(w http.ResponseWriter, r *http.Request) {
	target, ok := strings.CutSuffix(r.PathValue("call"), ":generateAccessToken")
	if !ok {
		apiError(w, http.StatusNotFound, "NOT_FOUND")
		return
	}
	var body struct {
		Scope    []string `json:"scope"`
		Lifetime string   `json:"lifetime"` // as "3600s"
	}
	if json.NewDecoder(r.Body).Decode(&body) != nil || len(body.Scope) == 0 {
		apiError(w, http.StatusBadRequest, "INVALID_ARGUMENT")
		return
	}
	if d, err := time.ParseDuration(body.Lifetime); body.Lifetime != "" && (err != nil || d > time.Hour) {
		apiError(w, http.StatusBadRequest, "INVALID_ARGUMENT")
		return
	}
	bearer := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := c.verify(bearer); err != nil {
		apiError(w, http.StatusUnauthorized, "UNAUTHENTICATED")
		return
	}
	caller := c.tokens[bearer].email
	if !slices.Contains(c.identities[caller].Impersonates, target) {
		apiError(w, http.StatusForbidden, "PERMISSION_DENIED")
		return
	}
	token, expiry := c.issue(target, body.Scope)
	writeJSON(w, http.StatusOK, map[string]any{"accessToken": token, "expireTime": expiry.UTC().Format(time.RFC3339)})
}

// checkAssertion checks a signed grant as Google documents it: RS256 with a key of the issuer's, this endpoint as
// audience, issued now, for an hour at most, with a scope.
func (c *Cloud) checkAssertion(assertion string) (email string, scopes []string, err error) {
	var claims struct {
		jwt.RegisteredClaims
		Scope string `json:"scope"`
	}
	_, err = jwt.ParseWithClaims(assertion, &claims, func(t *jwt.Token) (any, error) {
		kid, _ := t.Header["kid"].(string)
		c.mu.Lock()
		defer c.mu.Unlock()
		key, ok := c.keys[kid]
		if issuer, _ := t.Claims.GetIssuer(); !ok || key.email != issuer {
			return nil, errors.New("no such key")
		}
		return key.key, nil
	},
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithAudience(c.URL()+"/token"), jwt.WithIssuedAt(),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(c.now), jwt.WithLeeway(time.Minute))
	if err != nil {
		return "", nil, err
	}
	// The oauth2 library issues ten seconds in the past.
	if claims.IssuedAt == nil || claims.ExpiresAt.Sub(claims.IssuedAt.Time) > time.Hour {
		return "", nil, errors.New("a grant lasts an hour at most")
	}
	scopes = strings.Fields(claims.Scope)
	if len(scopes) == 0 {
		return "", nil, errors.New("a grant names its scopes")
	}
	return claims.Issuer, scopes, nil
}

func (c *Cloud) secretOwner(secret string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	email, ok := c.secrets[secret]
	if !ok {
		return "", errors.New("unknown")
	}
	return email, nil
}

func (c *Cloud) answer(w http.ResponseWriter, email string, scopes []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	token, _ := c.issue(email, scopes)
	writeJSON(w, http.StatusOK, map[string]any{
		"access_token": token, "token_type": "Bearer", "expires_in": int(c.lifetime.Seconds()),
		"issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
	})
}

func oauthError(w http.ResponseWriter, code int, kind string) {
	writeJSON(w, code, map[string]string{"error": kind})
}

func apiError(w http.ResponseWriter, code int, kind string) {
	writeJSON(w, code, map[string]any{"error": map[string]any{"code": code, "status": kind}})
}

func writeJSON(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v)
}
