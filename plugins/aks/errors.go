package main

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// Errors of azcore and azidentity quote whole HTTP responses. Nothing of their text is passed on: what they say is
// told from codes and types.

// credential gives tokens, or an *sdk.Error that says why not.
type credential struct {
	azcore.TokenCredential
	auth   string
	caller atomic.Pointer[caller]
}

// caller is who a token is for.
type caller struct {
	ObjectID string `json:"oid"`
	TenantID string `json:"tid"`
}

// GetToken implements azcore.TokenCredential.
func (c *credential) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	var last atomic.Pointer[failure]
	token, err := c.TokenCredential.GetToken(context.WithValue(ctx, witnessKey{}, &last), o)
	if err != nil {
		return azcore.AccessToken{}, explainCredential(ctx, err, c.auth, last.Load())
	}
	if who := callerOf(token.Token); who != nil {
		c.caller.Store(who)
	}
	return token, nil
}

// callerOf reads a token's claims, to name the caller in a hint and for nothing else: the signature is not checked.
func callerOf(token string) *caller {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil
	}
	var who caller
	if json.Unmarshal(payload, &who) != nil || !subscriptionPattern.MatchString(who.ObjectID) || !subscriptionPattern.MatchString(who.TenantID) {
		return nil
	}
	return &who
}

// explainCredential tells what a credential's error means. last is the last request that got no answer, if any.
func explainCredential(ctx context.Context, err error, auth string, last *failure) error {
	var authentication *azidentity.AuthenticationFailedError
	failed := errors.As(err, &authentication)
	switch {
	case ctx.Err() != nil:
		return errTooLate(ctx)
	case failed && authentication.RawResponse != nil:
		return explainEntra(authentication.RawResponse)
	case last != nil && failed:
		return last.explain()
	case failed:
		return sdk.Errorf(sdk.ErrUnauthenticated, kinds[auth].noToken, "auth=%s gave no token", auth)
	}
	return sdk.Errorf(sdk.ErrUnauthenticated, kinds[auth].noToken, "auth=%s found no credential", auth)
}

func explainEntra(resp *http.Response) error {
	host := "the authority"
	if resp.Request != nil {
		host = resp.Request.URL.Host
	}
	var body struct {
		Codes []int `json:"error_codes"`
	}
	if payload, err := runtime.Payload(resp); err == nil {
		_ = json.Unmarshal(payload, &body)
	}
	if len(body.Codes) == 0 {
		return explainStatus(resp.StatusCode, host, sdk.ErrUnauthenticated, "check the credentials, tenantId and cloud")
	}
	code := body.Codes[0]
	if known, ok := refusals[code]; ok {
		return sdk.Errorf(sdk.ErrUnauthenticated, known.hint, "%s (AADSTS%d)", known.message, code)
	}
	if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= 500 {
		return explainStatus(resp.StatusCode, host, sdk.ErrUnavailable, "try again later")
	}
	return sdk.Errorf(sdk.ErrUnauthenticated, fmt.Sprintf("look it up at https://login.microsoftonline.com/error?code=%d", code),
		"Entra refused the credentials (AADSTS%d)", code)
}

// refusals are Entra's codes that a scanner's identity meets, in plain words
// (https://learn.microsoft.com/entra/identity-platform/reference-error-codes).
var refusals = map[int]struct{ message, hint string }{
	7000215: {"the client secret is wrong", "give the secret's value, not its ID, and check that it belongs to clientId"},
	7000222: {"the client secret has expired", "create a new one and give it as clientSecret or AZURE_CLIENT_SECRET"},
	700016:  {"the tenant does not know the application", "check clientId and tenantId"},
	7000229: {"the application has no service principal in the tenant", "create one with az ad sp create --id and the client ID"},
	7000112: {"the application is disabled", "enable its service principal, or use another identity"},
	90002:   {"the tenant does not exist", "check tenantId, and cloud if it is not in the public one"},
	900023:  {"the tenant does not exist", "check tenantId, and cloud if it is not in the public one"},
	700027:  {"the certificate is not registered with the application, or has expired", "upload the certificate to the application, or use the one that is there"},
	700024:  {"the assertion is not valid at this time", "check the clock and that federatedTokenFile holds a current token"},
	70021:   {"no federated credential of the application matches the workload's token", "compare its issuer, subject and audience with the token's"},
	700211:  {"no federated credential of the application matches the issuer of the workload's token", "add one for that issuer"},
	700212:  {"no federated credential of the application matches the audience of the workload's token", "request the token for the audience api://AzureADTokenExchange"},
	700213:  {"no federated credential of the application matches the subject of the workload's token", "add one for that subject"},
	500011:  {"the tenant does not know the resource that the token is for", "check tenantId and cloud, and resourceManagerAudience in a custom cloud"},
	53003:   {"a Conditional Access policy blocks the sign-in", "exclude the identity from the policy, or scan from where it allows it"},
}

// explainARM tells what Resource Manager's refusal of an action on a cluster means.
func explainARM(ctx context.Context, err error, action string, r resource) error {
	var explained *sdk.Error
	var resp *azcore.ResponseError
	var unanswered *failure
	switch {
	case errors.As(err, &explained):
		return explained // by the credential
	case ctx.Err() != nil:
		return errTooLate(ctx)
	case errors.As(err, &resp):
		return explainResponse(resp, action, r)
	case errors.As(err, &unanswered):
		return unanswered.explain()
	}
	return sdk.Errorf(sdk.ErrUnavailable, "try again, and check cloud and resourceManagerEndpoint", "resource manager's answer to %s cannot be read", action)
}

func explainResponse(resp *azcore.ResponseError, action string, r resource) error {
	notFound := func(hint, format string, args ...any) error {
		return sdk.Errorf(sdk.ErrTargetNotFound, hint, format, args...)
	}
	switch code := resp.ErrorCode; {
	case code == "SubscriptionNotFound", code == "InvalidSubscriptionId":
		return notFound("check the ID, and that the identity's tenant is the subscription's (tenantId)", "subscription %s was not found", r.subscription)
	case code == "ResourceGroupNotFound":
		return notFound("check the name with az group list", "resource group %s was not found in subscription %s", r.group, r.subscription)
	case code == "MissingSubscriptionRegistration":
		return notFound("check the subscription's ID", "subscription %s has no AKS clusters: Microsoft.ContainerService is not registered there", r.subscription)
	case resp.StatusCode == http.StatusNotFound:
		return notFound("check the name with az aks list", "cluster %s was not found in resource group %s", r.cluster, r.group)
	case code == "InvalidAuthenticationTokenTenant":
		return sdk.Errorf(sdk.ErrUnauthenticated, "set tenantId to the subscription's tenant", "the token is of another tenant than subscription %s", r.subscription)
	case resp.StatusCode == http.StatusUnauthorized:
		return sdk.Errorf(sdk.ErrUnauthenticated, "check tenantId and cloud, and resourceManagerAudience in a custom cloud", "resource manager did not accept the token%s", quoted(code))
	case resp.StatusCode == http.StatusForbidden:
		return sdk.Errorf(sdk.ErrPermissionDenied, "the identity needs "+action+" on "+r.id()+" (see deploy/iam/aks)",
			"resource manager refused the identity%s", quoted(code))
	case resp.StatusCode == http.StatusBadRequest && action == actionAdmin:
		return errLocalAccountsDisabled(r.cluster)
	}
	return explainStatus(resp.StatusCode, "resource manager", sdk.ErrUnsupported, "check the cluster with az aks show")
}

// explainStatus is for answers without a code that is known. kind and hint are for what is the caller's doing.
func explainStatus(status int, host string, kind error, hint string) error {
	switch {
	case status == http.StatusTooManyRequests:
		return sdk.Errorf(sdk.ErrUnavailable, "try again later, or scan fewer clusters at a time", "%s asked to slow down (HTTP 429)", host)
	case status >= 500:
		return sdk.Errorf(sdk.ErrUnavailable, "try again later", "%s is out of order (HTTP %d)", host, status)
	}
	return sdk.Errorf(kind, hint, "%s refused the request (HTTP %d)", host, status)
}

func errTooLate(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return sdk.Errorf(sdk.ErrUnavailable, "", "the call was cancelled before Azure answered")
	}
	return sdk.Errorf(sdk.ErrUnavailable, "allow more time, or check the network", "Azure did not answer in the time allowed")
}

var codePattern = regexp.MustCompile(`^[A-Za-z0-9.]{1,64}$`)

// quoted returns the code in parentheses if it looks like one: a proxy may have put anything there.
func quoted(code string) string {
	if !codePattern.MatchString(code) {
		return ""
	}
	return " (" + code + ")"
}

// failure is a request that got no answer.
type failure struct {
	host string
	err  error
}

func (f *failure) Error() string { return f.host + " cannot be reached" }
func (f *failure) Unwrap() error { return f.err }

func (f *failure) explain() error {
	var certificate *tls.CertificateVerificationError
	if errors.As(f.err, &certificate) {
		return sdk.Errorf(sdk.ErrUnavailable, "if a proxy inspects TLS or the cloud is private, set caFile to a PEM file with its certificate authority",
			"the certificate of %s is not trusted", f.host)
	}
	cause := f.err
	for next := errors.Unwrap(cause); next != nil; next = errors.Unwrap(cause) {
		cause = next // the innermost error is the system's word, such as "connection refused"
	}
	return sdk.Errorf(sdk.ErrUnavailable, "check the network, the proxy settings and cloud", "%s cannot be reached: %v", f.host, cause)
}

// untrusted is a failure that no retry can mend.
type untrusted struct{ failure *failure }

func (u untrusted) Error() string { return u.failure.Error() }
func (u untrusted) Unwrap() error { return u.failure }

// NonRetriable is what azcore's retry policy looks for.
func (untrusted) NonRetriable() {}

type witnessKey struct{}

// witness is a policy in every pipeline to Azure that keeps the error of a request that got no answer: azidentity
// passes on its text alone.
type witness struct{}

// Do implements policy.Policy.
func (witness) Do(req *policy.Request) (*http.Response, error) {
	resp, err := req.Next()
	if err == nil {
		return resp, nil
	}
	f := &failure{host: req.Raw().URL.Host, err: err}
	if last, ok := req.Raw().Context().Value(witnessKey{}).(*atomic.Pointer[failure]); ok {
		last.Store(f)
	}
	if errors.As(err, new(*tls.CertificateVerificationError)) {
		return resp, untrusted{f}
	}
	return resp, f
}
