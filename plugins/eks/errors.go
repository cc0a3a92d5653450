package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

const (
	hintNoCredentials = "set AWS_PROFILE or the profile parameter, sign in with aws sso login, or run where a role is attached"
	hintCheck         = "find out why with aws sts get-caller-identity"
)

// configurationFailure explains why the AWS configuration cannot be used.
func configurationFailure(ctx context.Context, err error) error {
	var missing config.SharedConfigProfileNotExistError
	var unreadable config.SharedConfigLoadError
	switch {
	case errors.As(err, &missing):
		return sdk.Errorf(sdk.ErrUnauthenticated, "list the profiles with aws configure list-profiles", "there is no AWS profile %q", missing.Profile)
	case errors.As(err, &unreadable):
		return sdk.Errorf(sdk.ErrUnauthenticated, "correct it, or name another in AWS_CONFIG_FILE", "the AWS configuration file %s cannot be read", unreadable.Filename)
	}
	return failure(ctx, "loading the AWS configuration", sdk.ErrUnauthenticated, err)
}

// credentialsFailure explains why there are no credentials.
func (c *client) credentialsFailure(ctx context.Context, err error) error {
	var signedOut *ssocreds.InvalidTokenError
	switch {
	case ctx.Err() == nil && operation(err).ServiceID == "ec2imds": // the last resort of the chain
		return sdk.Errorf(sdk.ErrUnauthenticated, hintNoCredentials, "no AWS credentials were found")
	case errors.As(err, &signedOut):
		return sdk.Errorf(sdk.ErrUnauthenticated, "run aws sso login", "the AWS SSO session has ended")
	}
	return failure(ctx, "getting AWS credentials", sdk.ErrUnauthenticated, err)
}

// describeFailure explains why EKS did not describe the cluster. account may be empty.
func (c *client) describeFailure(ctx context.Context, name, account string, err error) error {
	err = failure(ctx, "describing the cluster", sdk.ErrUnavailable, err)
	var e *sdk.Error
	if errors.As(err, &e) {
		if account == "" {
			account = "*"
		}
		switch e.Kind {
		case sdk.ErrTargetNotFound:
			e.Message = fmt.Sprintf("there is no EKS cluster %q in %s", name, c.options.region)
			e.Hint = "list the account's clusters with aws eks list-clusters --region " + c.options.region + "; for another account's, set profile or roleArn"
		case sdk.ErrPermissionDenied:
			e.Hint = "the identity needs eks:DescribeCluster on " + arn.ARN{
				Partition: partition(c.options.region), Service: "eks", Region: c.options.region, AccountID: account, Resource: "cluster/" + name,
			}.String()
		}
	}
	return err
}

// apiErrors maps the error codes of EKS, STS and SSO. The same refusal has another name in each protocol.
var apiErrors = map[string]struct {
	kind error
	hint string
}{
	"ResourceNotFoundException": {sdk.ErrTargetNotFound, ""},
	"AccessDenied":              {sdk.ErrPermissionDenied, "the role's trust policy must allow sts:AssumeRole to the caller (with this externalId, if it asks for one), and so must the caller's own policy"},
	"AccessDeniedException":     {sdk.ErrPermissionDenied, ""},

	"InvalidClientTokenId":           {sdk.ErrUnauthenticated, hintCheck},
	"UnrecognizedClientException":    {sdk.ErrUnauthenticated, hintCheck},
	"InvalidSignatureException":      {sdk.ErrUnauthenticated, "check the secret access key and the clock"},
	"SignatureDoesNotMatch":          {sdk.ErrUnauthenticated, "check the secret access key and the clock"},
	"IncompleteSignature":            {sdk.ErrUnauthenticated, hintCheck},
	"MissingAuthenticationToken":     {sdk.ErrUnauthenticated, hintCheck},
	"ExpiredToken":                   {sdk.ErrUnauthenticated, "sign in again, or renew them where they come from"},
	"ExpiredTokenException":          {sdk.ErrUnauthenticated, "sign in again, or renew them where they come from"},
	"RequestExpired":                 {sdk.ErrUnauthenticated, "check the clock"},
	"InvalidIdentityToken":           {sdk.ErrUnauthenticated, "check the web identity token and the role's trust policy"},
	"UnauthorizedException":          {sdk.ErrUnauthenticated, "run aws sso login"},
	"RegionDisabledException":        {sdk.ErrUnsupported, "activate STS in this region in the account's settings"},
	"InvalidParameterException":      {sdk.ErrInvalidTarget, ""},
	"ValidationError":                {sdk.ErrInvalidTarget, "check roleArn, externalId and sessionName"},
	"InvalidRequestException":        {sdk.ErrInvalidTarget, ""},
	"Throttling":                     {sdk.ErrUnavailable, "scan fewer clusters at once"},
	"ThrottlingException":            {sdk.ErrUnavailable, "scan fewer clusters at once"},
	"TooManyRequestsException":       {sdk.ErrUnavailable, "scan fewer clusters at once"},
	"RequestLimitExceeded":           {sdk.ErrUnavailable, "scan fewer clusters at once"},
	"IDPCommunicationError":          {sdk.ErrUnavailable, "try again later"},
	"IDPCommunicationErrorException": {sdk.ErrUnavailable, "try again later"},
}

// failure turns an error of the AWS SDK into one of package sdk; kind is what it means if nothing else is known. The SDK's
// own text is not passed on: it may hold proxy passwords, signed queries, canonical requests and whatever a credential
// process printed. What is: the call, AWS's error code, and AWS's sentence on who is denied what.
func failure(ctx context.Context, doing string, kind, err error) error {
	if op := operation(err); op.OperationName != "" {
		doing = strings.ToLower(op.ServiceID) + ":" + op.OperationName
	}
	var (
		api         smithy.APIError
		certificate *tls.CertificateVerificationError
		send        *smithyhttp.RequestSendError
		response    *smithyhttp.ResponseError
	)
	hint := ""
	if kind == sdk.ErrUnauthenticated {
		hint = hintCheck
	}
	switch {
	case ctx.Err() != nil:
		return sdk.Errorf(sdk.ErrUnavailable, "check the way to the AWS endpoints, or allow more time", "%s was given up: %v", doing, ctx.Err())
	case errors.As(err, &certificate):
		return sdk.Errorf(sdk.ErrUnavailable, "if the network inspects TLS, name its certificate authority with caFile or AWS_CA_BUNDLE", "%s failed: the endpoint's certificate is not trusted", doing)
	case errors.As(err, &send):
		return sdk.Errorf(sdk.ErrUnavailable, "check the region, the proxy settings and the way to the AWS endpoints", "%s failed: %s", doing, networkCause(err))
	case errors.As(err, &api):
		e, ok := apiErrors[api.ErrorCode()]
		if !ok {
			e.kind, e.hint = kind, hint
			if errors.As(err, &response) && (response.HTTPStatusCode() >= 500 || response.HTTPStatusCode() == 429) {
				e.kind, e.hint = sdk.ErrUnavailable, "try again later"
			}
		}
		if e.kind == sdk.ErrPermissionDenied {
			return sdk.Errorf(e.kind, e.hint, "%s was refused: %s", doing, denial(api))
		}
		return sdk.Errorf(e.kind, e.hint, "%s failed: AWS answers %s", doing, printable(api.ErrorCode()))
	}
	return sdk.Errorf(kind, hint, "%s failed", doing)
}

// operation returns the innermost call to AWS that failed: the one to assume a role, where that was to describe a cluster.
func operation(err error) smithy.OperationError {
	var op smithy.OperationError
	for next := (*smithy.OperationError)(nil); errors.As(err, &next); err = next.Err {
		op = *next
	}
	return op
}

// networkCause says why a connection failed in the words of the error types that hold addresses and nothing else.
func networkCause(err error) string {
	var dns *net.DNSError
	var op *net.OpError
	var timeout net.Error
	switch {
	case errors.As(err, &dns):
		return fmt.Sprintf("the name %q cannot be resolved", dns.Name)
	case errors.As(err, &op):
		return op.Error()
	case errors.As(err, &timeout) && timeout.Timeout():
		return "the connection timed out"
	}
	return "the connection failed"
}

// denial returns AWS's own sentence on who is denied what, which names the policy at fault.
func denial(e smithy.APIError) string {
	if m := e.ErrorMessage(); strings.HasPrefix(m, "User: ") {
		return printable(m)
	}
	return printable(e.ErrorCode())
}

var unprintable = regexp.MustCompile(`[^ -~]+`)

func printable(s string) string {
	const longest = 500
	s = unprintable.ReplaceAllString(s, " ")
	return s[:min(len(s), longest)]
}

// partition returns the partition that a region belongs to. The SDK knows it and does not tell.
func partition(region string) string {
	for prefix, p := range map[string]string{
		"cn-": "aws-cn", "us-gov-": "aws-us-gov", "eusc-": "aws-eusc",
		"us-iso-": "aws-iso", "us-isob-": "aws-iso-b", "eu-isoe-": "aws-iso-e", "us-isof-": "aws-iso-f",
	} {
		if strings.HasPrefix(region, prefix) {
			return p
		}
	}
	return "aws"
}
