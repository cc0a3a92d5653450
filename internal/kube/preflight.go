package kube

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiversion "k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"

	"github.com/kubemuster/kubemuster/internal/redact"
	"github.com/kubemuster/kubemuster/internal/snapshot"
	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// Identity is who the API server takes the caller for.
type Identity struct {
	User   string // empty where the server is too old to tell (before 1.28)
	Groups []string
}

// Preflight asks an API server for its version and who the caller is: one cheap request each, so that a credential or a
// network that does not work is told apart from data that may not be read. Its errors are *sdk.Error, told in words.
func Preflight(ctx context.Context, config *rest.Config, access *sdk.Access) (version string, who Identity, err error) {
	client, err := reviews(config, authenticationv1.SchemeGroupVersion)
	if err != nil {
		return "", who, err
	}
	ctx = klog.NewContext(ctx, klog.Logger{}) // what client-go would log comes back as an error
	review := &authenticationv1.SelfSubjectReview{}
	err = Retry(ctx, func() error {
		return client.Post().Resource("selfsubjectreviews").Body(review).Do(ctx).Into(review)
	})
	switch {
	case err == nil:
		who = Identity{review.Status.UserInfo.Username, review.Status.UserInfo.Groups}
	case apierrors.IsNotFound(err) || apierrors.IsForbidden(err) || apierrors.IsMethodNotSupported(err):
		// an older server, or one that keeps this to itself: the identity stays unknown
	default:
		return "", who, explain(err, access)
	}
	var info apiversion.Info
	var answer []byte
	err = Retry(ctx, func() (err error) {
		answer, err = client.Get().AbsPath("/version").SetHeader("Accept", "application/json").Do(ctx).Raw()
		return err
	})
	if err == nil && (json.Unmarshal(answer, &info) != nil || info.GitVersion == "") {
		err = errors.New("it does not tell its version")
	}
	if err != nil {
		return "", who, explain(err, access)
	}
	return info.GitVersion, who, nil
}

// MayList asks the API server whether the caller may list a kind in a namespace (empty for all). Its errors are those of
// Preflight.
func MayList(ctx context.Context, config *rest.Config, kind snapshot.Kind, namespace string) (bool, error) {
	client, err := reviews(config, authorizationv1.SchemeGroupVersion)
	if err != nil {
		return false, err
	}
	ctx = klog.NewContext(ctx, klog.Logger{})
	review := &authorizationv1.SelfSubjectAccessReview{
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
			Verb: "list", Group: kind.Group, Version: kind.Version, Resource: kind.Resource, Namespace: namespace,
		}},
	}
	if err := Retry(ctx, func() error {
		return client.Post().Resource("selfsubjectaccessreviews").Body(review).Do(ctx).Into(review)
	}); err != nil {
		return false, explain(err, &sdk.Access{Server: config.Host})
	}
	return review.Status.Allowed, nil
}

// reviews returns a client of one group. client-go's typed clientset would do, and compile a client of every kind there is.
func reviews(config *rest.Config, gv schema.GroupVersion) (rest.Interface, error) {
	c := rest.CopyConfig(config)
	c.GroupVersion, c.APIPath, c.NegotiatedSerializer = &gv, "/apis", snapshot.Codecs.WithoutConversion()
	return rest.RESTClientFor(c)
}

// explained is a failure told in words, with the error that it tells of behind it.
type explained struct {
	words error // an *sdk.Error, unless the caller gave up
	cause error
}

// Error implements error.
func (e *explained) Error() string { return e.words.Error() }

// Unwrap returns the words and the error.
func (e *explained) Unwrap() []error { return []error{e.words, e.cause} }

// explain tells a failed connection in words that say what to do.
func explain(err error, access *sdk.Access) error {
	return &explained{inWords(err, access), err}
}

func inWords(err error, access *sdk.Access) error {
	var (
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
		op       *net.OpError
		dns      *net.DNSError
		known    *sdk.Error
	)
	server := access.Server
	const reach = "check that it can be reached from here; a private cluster is reached from inside its network only"
	switch {
	case errors.As(err, &known):
		return known
	case apierrors.IsUnauthorized(err):
		return sdk.Errorf(sdk.ErrUnauthenticated, access.Hint, "the API server %s does not accept the token", server)
	case apierrors.IsForbidden(err):
		return sdk.Errorf(sdk.ErrPermissionDenied, access.Hint, "the API server %s refuses the identity", server)
	case errors.As(err, &hostname):
		return sdk.Errorf(sdk.ErrUnavailable, "check the endpoint that the target names", "the certificate of the API server %s is for another host", server)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return sdk.Errorf(sdk.ErrUnavailable, "check the clock here, and the certificate there", "the certificate of the API server %s is not valid at this time", server)
	case untrusted(err):
		return sdk.Errorf(sdk.ErrUnavailable, "if a proxy inspects TLS on the way, let this connection pass it; a certificate is never taken on trust",
			"the certificate of the API server %s is not signed by the cluster's authority", server)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, http.ErrHandlerTimeout):
		return sdk.Errorf(sdk.ErrUnavailable, "check that it can be reached from here", "the API server %s did not answer in time", server)
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &dns):
		return sdk.Errorf(sdk.ErrUnavailable, "a private cluster is reached from inside its network only", "the API server's name %s cannot be resolved", dns.Name)
	case errors.As(err, &op):
		return sdk.Errorf(sdk.ErrUnavailable, reach, "the API server %s cannot be reached (%s)", server, op.Err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return sdk.Errorf(sdk.ErrUnavailable, reach, "the API server %s closes the connection before it has answered", server)
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, new(tls.RecordHeaderError)):
		return sdk.Errorf(sdk.ErrUnavailable, "check the endpoint that the target names", "the API server %s does not speak TLS", server)
	}
	if st := apierrors.APIStatus(nil); errors.As(err, &st) && st.Status().Code >= 500 {
		return sdk.Errorf(sdk.ErrUnavailable, "try again later", "the API server %s fails: %s", server, fmt.Sprint(st.Status().Code))
	}
	return sdk.Errorf(sdk.ErrUnavailable, "check that the endpoint is that of a Kubernetes API server", "the API server %s cannot be used: %s", server, Message(err))
}

// untrusted reports whether a server's certificate was not good enough. It will be no better the next time.
func untrusted(err error) bool {
	return errors.As(err, new(x509.UnknownAuthorityError)) || errors.As(err, new(x509.CertificateInvalidError)) ||
		errors.As(err, new(x509.HostnameError)) || errors.As(err, new(*tls.CertificateVerificationError))
}

// maxMessage bounds a message, in characters.
const maxMessage = 300

// Message tells a failed request in one line, without a credential and without the request's URL. What a plugin said to it
// is told with its hint.
func Message(err error) string {
	var known *sdk.Error
	if errors.As(err, &known) {
		return known.Error()
	}
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err
	}
	// What a server quotes, and a decoder of its answers, may be of the objects that it holds.
	safe := redact.Words(redact.Quoted(err.Error()), func() string { return "…" })
	text := []rune(strings.Join(strings.Fields(safe), " "))
	if len(text) > maxMessage {
		text = append(text[:maxMessage], '…')
	}
	return string(text)
}
