package main

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/googleapis/gax-go/v2/apierror"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// failure is how a request for a token failed. It holds nothing that the server wrote, save a code of knownCodes.
type failure struct {
	host, path string
	status     int
	code       string
	cause      error      // the connection's
	own        *sdk.Error // already explained
}

// transient reports whether the same request may succeed in a moment.
func (f *failure) transient() bool {
	return f.own == nil && (f.status == http.StatusTooManyRequests || f.status >= 500 || f.cause != nil && !untrusted(f.cause))
}

// explain says what happened and what to do.
func (f *failure) explain(ctx context.Context, creds *credentials, impersonated string) error {
	if f.own != nil {
		return f.own
	}
	if ctx.Err() != nil {
		return interrupted(ctx)
	}
	code := ""
	if f.code != "" {
		code = " (" + f.code + ")"
	}
	switch {
	case f.cause != nil && untrusted(f.cause):
		return untrustedError(f.host)
	case f.cause != nil:
		return sdk.Errorf(sdk.ErrUnavailable, "check the network and the proxy settings", "%s cannot be reached", f.host)
	case f.transient():
		return sdk.Errorf(sdk.ErrUnavailable, "try again later", "%s answered with status %d%s", f.host, f.status, code)
	case strings.HasSuffix(f.path, ":generateAccessToken"):
		email := cmp.Or(impersonated, creds.email())
		return sdk.Errorf(sdk.ErrPermissionDenied,
			"grant roles/iam.serviceAccountTokenCreator on "+email+" and enable iamcredentials.googleapis.com in its project",
			"the identity of %s may not impersonate %s%s", creds, email, code)
	case f.status == http.StatusForbidden:
		return sdk.Errorf(sdk.ErrPermissionDenied, creds.advice(), "%s refused the identity of %s%s", f.host, creds, code)
	case f.status != 0:
		return sdk.Errorf(sdk.ErrUnauthenticated, creds.advice(), "%s did not accept %s%s", f.host, creds, code)
	}
	return sdk.Errorf(sdk.ErrUnauthenticated, creds.advice(), "%s gave no token: the key, the subject token or the answer cannot be read", creds)
}

// knownCodes are the error codes that may be shown: of OAuth (RFC 6749, RFC 8693) and of Google's APIs.
var knownCodes = []string{
	"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
	"invalid_target", "access_denied",
	"INVALID_ARGUMENT", "UNAUTHENTICATED", "PERMISSION_DENIED", "NOT_FOUND", "RESOURCE_EXHAUSTED", "UNAVAILABLE", "INTERNAL",
}

// errorCode finds a known code in an error's body: {"error": "invalid_grant"} or {"error": {"status": "NOT_FOUND"}}.
func errorCode(body []byte) string {
	var answer struct {
		Error json.RawMessage `json:"error"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return ""
	}
	var code string
	if json.Unmarshal(answer.Error, &code) != nil {
		var rich struct {
			Status string `json:"status"`
		}
		_ = json.Unmarshal(answer.Error, &rich)
		code = rich.Status
	}
	if !slices.Contains(knownCodes, code) {
		return ""
	}
	return code
}

// apiError explains a failed GetCluster.
func apiError(ctx context.Context, err error, g *grant, n clusterName) error {
	if ctx.Err() != nil {
		return interrupted(ctx)
	}
	if untrusted(err) {
		return untrustedError("the Container API")
	}
	who := cmp.Or(g.email, "the identity of the Google credentials")
	var reason string
	if rich, ok := apierror.FromError(err); ok {
		reason = rich.Reason()
	}
	switch {
	case reason == "SERVICE_DISABLED":
		return sdk.Errorf(sdk.ErrPermissionDenied, "enable container.googleapis.com in it", "the Container API is not enabled in the project of the cluster or of the quota")
	case reason == "USER_PROJECT_DENIED":
		return sdk.Errorf(sdk.ErrPermissionDenied, who+" needs serviceusage.services.use there, or name another in GOOGLE_CLOUD_QUOTA_PROJECT",
			"quota project %q may not be used", g.quotaProject)
	}
	switch code := status.Code(err); code {
	case codes.NotFound:
		return sdk.Errorf(sdk.ErrTargetNotFound, "check project, location and name: gcloud container clusters list --project="+n.project, "there is no cluster %s", n)
	case codes.PermissionDenied:
		return sdk.Errorf(sdk.ErrPermissionDenied, "it needs container.clusters.get in project "+n.project+", as the role in deploy/iam/gke grants it",
			"%s may not read cluster %s", who, n)
	case codes.Unauthenticated:
		return sdk.Errorf(sdk.ErrUnauthenticated, "check that it is enabled and its token was not revoked", "the Container API did not accept the token of %s", who)
	case codes.InvalidArgument:
		return sdk.Errorf(sdk.ErrInvalidTarget, "check project, location and name", "the Container API cannot read the name %s", n)
	default:
		return sdk.Errorf(sdk.ErrUnavailable, "try again later, and check the network and apiEndpoint", "the Container API did not answer for cluster %s (%s)", n, code)
	}
}

// untrusted reports whether the server's certificate could not be verified. gRPC keeps only the text of the cause.
func untrusted(err error) bool {
	var unknown x509.UnknownAuthorityError
	return errors.As(err, &unknown) || strings.Contains(err.Error(), "failed to verify certificate")
}

func untrustedError(server string) error {
	return sdk.Errorf(sdk.ErrUnavailable, "name the authority of a network that inspects TLS, or of a private endpoint, with caFile", "the certificate of %s cannot be verified", server)
}

func interrupted(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return sdk.Errorf(sdk.ErrUnavailable, "", "the call was cancelled")
	}
	return sdk.Errorf(sdk.ErrUnavailable, "check the network and the proxy settings", "Google did not answer in time")
}
