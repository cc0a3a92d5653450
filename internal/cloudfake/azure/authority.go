package azure

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

const (
	keyID = "kubemuster-fake-entra"
	// federatedAudience is the audience that Entra asks of a workload's token (api://AzureADTokenExchange).
	federatedAudience = "api://AzureADTokenExchange"
	federatedIssuer   = "https://workloads.example/"
	jwtBearer         = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

// claims are those of an Entra access token for an application, version 2.0.
type claims struct {
	jwt.RegisteredClaims
	AuthorizedParty string   `json:"azp"`
	AppID           string   `json:"appid"` // the same in tokens of version 1.0
	ObjectID        string   `json:"oid"`
	TenantID        string   `json:"tid"`
	Groups          []string `json:"groups,omitempty"`
	IdentityType    string   `json:"idtyp"`
	Version         string   `json:"ver"`
	UniqueID        string   `json:"uti"`
}

// VerifyToken checks a token as an AKS API server does (signature, issuer, audience, lifetime) and returns the caller's
// object ID.
func (c *Cloud) VerifyToken(token string) (oid string, err error) {
	return c.verify(token, ServerAppID)
}

// FederatedToken issues the token that a workload platform would give to the workload named subject, as Kubernetes
// writes it into the file that AZURE_FEDERATED_TOKEN_FILE names.
func (c *Cloud) FederatedToken(subject string, lifetime time.Duration) string {
	now := time.Now()
	return must(jwt.NewWithClaims(jwt.SigningMethodES256, jwt.RegisteredClaims{
		Issuer: federatedIssuer, Subject: subject, Audience: jwt.ClaimStrings{federatedAudience},
		IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(lifetime)),
	}).SignedString(c.federatedKey))
}

func (c *Cloud) verify(token, audience string) (string, error) {
	var got claims
	_, err := jwt.ParseWithClaims(token, &got, func(*jwt.Token) (any, error) { return c.signingKey.Public(), nil },
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuer(c.Issuer()), jwt.WithAudience(audience), jwt.WithExpirationRequired())
	if err != nil {
		return "", fmt.Errorf("verifying the token: %w", err)
	}
	return got.ObjectID, nil
}

func (c *Cloud) issue(i Identity, audience string) string {
	now := time.Now()
	t := jwt.NewWithClaims(jwt.SigningMethodRS256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: c.Issuer(), Audience: jwt.ClaimStrings{audience}, Subject: i.ObjectID,
			IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now.Add(-5 * time.Minute)),
			ExpiresAt: jwt.NewNumericDate(now.Add(c.lifetime)),
		},
		AuthorizedParty: i.ClientID, AppID: i.ClientID, ObjectID: i.ObjectID, TenantID: c.tenant,
		Groups: i.Groups, IdentityType: "app", Version: "2.0", UniqueID: uuid.NewString(),
	})
	t.Header["kid"] = keyID
	return must(t.SignedString(c.signingKey))
}

func (c *Cloud) authorityHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", c.inTenant(c.serveConfiguration))
	mux.HandleFunc("GET /{tenant}/discovery/v2.0/keys", c.inTenant(c.serveKeys))
	mux.HandleFunc("POST /{tenant}/oauth2/v2.0/token", c.inTenant(c.serveToken))
	return mux
}

func (c *Cloud) inTenant(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !strings.EqualFold(r.PathValue("tenant"), c.tenant) {
			refuse(w, &entraError{400, "invalid_tenant", 90002, "Tenant '" + r.PathValue("tenant") + "' not found."})
			return
		}
		next(w, r)
	}
}

func (c *Cloud) tokenURL() string { return c.authority.URL + "/" + c.tenant + "/oauth2/v2.0/token" }

func (c *Cloud) serveConfiguration(w http.ResponseWriter, _ *http.Request) {
	base := c.authority.URL + "/" + c.tenant
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                                c.Issuer(),
		"authorization_endpoint":                base + "/oauth2/v2.0/authorize",
		"token_endpoint":                        c.tokenURL(),
		"jwks_uri":                              base + "/discovery/v2.0/keys",
		"response_types_supported":              []string{"code", "id_token"},
		"subject_types_supported":               []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt"},
	})
}

func (c *Cloud) serveKeys(w http.ResponseWriter, _ *http.Request) {
	b64 := base64.RawURLEncoding.EncodeToString
	key := c.signingKey.PublicKey
	writeJSON(w, http.StatusOK, map[string]any{"keys": []map[string]string{{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": keyID,
		"n": b64(key.N.Bytes()), "e": b64(big.NewInt(int64(key.E)).Bytes()),
	}}})
}

func (c *Cloud) serveToken(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		refuse(w, &entraError{400, "invalid_request", 900144, "The request body is malformed."})
		return
	}
	audience, refusal := c.audience(r.PostForm.Get("grant_type"), r.PostForm.Get("scope"))
	if refusal == nil {
		var i Identity
		if i, refusal = c.authenticate(r); refusal == nil {
			seconds := int(c.lifetime.Seconds())
			writeJSON(w, http.StatusOK, map[string]any{
				"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": c.issue(i, audience),
			})
			return
		}
	}
	refuse(w, refusal)
}

// audience returns the resource that the scopes ask for. MSAL adds OpenID Connect's own scopes to the one it was given.
func (c *Cloud) audience(grant, scope string) (string, *entraError) {
	if grant != "client_credentials" {
		return "", &entraError{400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type '" + grant + "'."}
	}
	for s := range strings.FieldsSeq(scope) {
		resource, ok := strings.CutSuffix(s, "/.default")
		if ok && slices.Contains([]string{ServerAppID, c.ARMURL()}, strings.TrimSuffix(resource, "/")) {
			return strings.TrimSuffix(resource, "/"), nil
		}
	}
	return "", &entraError{400, "invalid_resource", 500011, "The resource principal named " + scope + " was not found in the tenant."}
}

func (c *Cloud) authenticate(r *http.Request) (Identity, *entraError) {
	id := r.PostForm.Get("client_id")
	i, ok := c.identity(func(i Identity) bool { return strings.EqualFold(i.ClientID, id) })
	if !ok {
		return i, &entraError{400, "unauthorized_client", 700016, "Application with identifier '" + id + "' was not found in the directory."}
	}
	if secret := r.PostForm.Get("client_secret"); secret != "" {
		if i.Secret == "" || subtle.ConstantTimeCompare([]byte(secret), []byte(i.Secret)) != 1 {
			return i, &entraError{401, "invalid_client", 7000215, "Invalid client secret provided."}
		}
		return i, nil
	}
	assertion := r.PostForm.Get("client_assertion")
	if assertion == "" || r.PostForm.Get("client_assertion_type") != jwtBearer {
		return i, &entraError{401, "invalid_client", 7000218, "The request body must contain 'client_assertion' or 'client_secret'."}
	}
	return i, c.checkAssertion(i, assertion)
}

// checkAssertion tells an application's own assertion, signed with its certificate's key, from a federated one by the
// issuer: the former names the application itself.
func (c *Cloud) checkAssertion(i Identity, assertion string) *entraError {
	var unverified jwt.RegisteredClaims
	if _, _, err := jwt.NewParser().ParseUnverified(assertion, &unverified); err != nil {
		return &entraError{401, "invalid_client", 50027, "JWT token is invalid or malformed."}
	}
	if strings.EqualFold(unverified.Issuer, i.ClientID) {
		return c.checkCertificateAssertion(i, assertion)
	}
	var got jwt.RegisteredClaims
	_, err := jwt.ParseWithClaims(assertion, &got, func(*jwt.Token) (any, error) { return c.federatedKey.Public(), nil },
		jwt.WithValidMethods([]string{"ES256"}), jwt.WithAudience(federatedAudience), jwt.WithIssuer(federatedIssuer), jwt.WithExpirationRequired())
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return &entraError{401, "invalid_client", 700024, "Client assertion is not within its valid time range."}
	case err != nil:
		return &entraError{401, "invalid_client", 700211, "No matching federated identity record found for presented assertion issuer."}
	case i.FederatedSubject == "" || got.Subject != i.FederatedSubject:
		return &entraError{401, "invalid_client", 700213, "No matching federated identity record found for presented assertion subject."}
	}
	return nil
}

func (c *Cloud) checkCertificateAssertion(i Identity, assertion string) *entraError {
	unregistered := &entraError{401, "invalid_client", 700027, "The certificate used to sign the client assertion is not registered on application."}
	if i.Certificate == nil {
		return unregistered
	}
	token, err := jwt.ParseWithClaims(assertion, &jwt.RegisteredClaims{}, func(*jwt.Token) (any, error) { return i.Certificate.PublicKey, nil },
		jwt.WithValidMethods([]string{"PS256", "RS256"}), jwt.WithAudience(c.tokenURL()), jwt.WithSubject(i.ClientID), jwt.WithExpirationRequired())
	if errors.Is(err, jwt.ErrTokenExpired) {
		return &entraError{401, "invalid_client", 700024, "Client assertion is not within its valid time range."}
	}
	if err != nil {
		return unregistered
	}
	// RFC 7515, 4.1.8 has the thumbprint unpadded and URL-safe; clients of Entra also send plain base64.
	sum := sha256.Sum256(i.Certificate.Raw)
	if x5t := token.Header["x5t#S256"]; x5t != base64.StdEncoding.EncodeToString(sum[:]) && x5t != base64.RawURLEncoding.EncodeToString(sum[:]) {
		return unregistered
	}
	return nil
}

// entraError is a refusal in the shape of Entra's, which is that of OAuth 2.0 with codes of its own (AADSTS…).
type entraError struct {
	status  int
	oauth   string
	code    int
	message string
}

func refuse(w http.ResponseWriter, e *entraError) {
	trace, correlation := uuid.NewString(), uuid.NewString()
	now := time.Now().UTC().Format("2006-01-02 15:04:05Z")
	writeJSON(w, e.status, map[string]any{
		"error": e.oauth,
		"error_description": fmt.Sprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s",
			e.code, e.message, trace, correlation, now),
		"error_codes": []int{e.code}, "timestamp": now, "trace_id": trace, "correlation_id": correlation,
		"error_uri": fmt.Sprintf("https://login.microsoftonline.com/error?code=%d", e.code),
	})
}
