package main

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

const (
	// roleSession is how long an assumed role is asked for: the longest that every role allows, chained ones too.
	roleSession = time.Hour
	// renewBefore is how long before their end credentials are renewed, so that a token is worth having.
	renewBefore = 5 * time.Minute
	// callerTimeout bounds the call that does nothing but improve a hint.
	callerTimeout = 5 * time.Second
	// maxAttempts bounds the tries of one call to AWS.
	maxAttempts = 3
)

// client talks to AWS in one region as one identity. It is safe for concurrent use.
type client struct {
	options options
	eks     *eks.Client
	sts     *sts.Client
	cached  aws.CredentialsProvider
}

// newClient reads the AWS configuration that o names. It makes no call to AWS.
func newClient(ctx context.Context, o options) (*client, error) {
	httpClient := awshttp.NewBuildableClient()
	if o.caFile != "" {
		pem, err := os.ReadFile(o.caFile)
		if err != nil {
			return nil, sdk.Errorf(sdk.ErrInvalidTarget, "", "parameter caFile: %v", err)
		}
		pool, err := sdk.SystemRoots(pem).Pool()
		if err != nil {
			return nil, sdk.Errorf(sdk.ErrInvalidTarget, "", "parameter caFile: %v", err)
		}
		httpClient = httpClient.WithTransportOptions(func(t *http.Transport) { t.TLSClientConfig.RootCAs = pool })
	}
	load := []func(*config.LoadOptions) error{
		config.WithRegion(o.region),
		config.WithHTTPClient(httpClient),
		config.WithRetryer(newRetryer),
		config.WithAssumeRoleCredentialOptions(func(a *stscreds.AssumeRoleOptions) {
			if c, ok := a.Client.(*sts.Client); ok {
				a.Client = sts.New(c.Options(), o.stsEndpoint)
			}
		}),
		config.WithWebIdentityRoleCredentialOptions(func(a *stscreds.WebIdentityRoleOptions) {
			if c, ok := a.Client.(*sts.Client); ok {
				a.Client = sts.New(c.Options(), o.stsEndpoint)
			}
		}),
	}
	if o.profile != "" {
		load = append(load, config.WithSharedConfigProfile(o.profile))
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return nil, configurationFailure(ctx, err)
	}
	if o.roleARN != "" {
		assume := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg, o.stsEndpoint), o.roleARN, func(a *stscreds.AssumeRoleOptions) {
			a.Duration = roleSession
			a.RoleSessionName = o.sessionName
			if o.externalID != "" {
				a.ExternalID = &o.externalID
			}
		})
		cfg.Credentials = aws.NewCredentialsCache(assume)
	}
	c := &client{
		options: o,
		eks:     eks.NewFromConfig(cfg, o.eksEndpoint),
		sts:     sts.NewFromConfig(cfg, o.stsEndpoint),
		cached:  cfg.Credentials,
	}
	e := c.eks.Options().EndpointOptions // the same for both
	if (o.endpointURL != "" || o.stsEndpointURL != "") &&
		(e.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled || e.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled) {
		return nil, sdk.Errorf(sdk.ErrInvalidTarget, "unset AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT, and name such an endpoint in the parameter",
			"endpointUrl and stsEndpointUrl cannot be combined with the choice of FIPS or dual-stack endpoints")
	}
	return c, nil
}

// newRetryer tries again what may pass, which the SDK takes an untrusted certificate for as well.
func newRetryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = maxAttempts
		o.Retryables = append([]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(func(err error) aws.Ternary {
			var untrusted *tls.CertificateVerificationError
			if errors.As(err, &untrusted) {
				return aws.FalseTernary
			}
			return aws.UnknownTernary
		})}, o.Retryables...)
	})
}

// stsEndpoint gives a client, those within the credential chain included, the endpoint that the target names, and AWS's own
// where it names none: never one of AWS_ENDPOINT_URL or of a profile.
func (o options) stsEndpoint(c *sts.Options) { c.BaseEndpoint = endpoint(o.stsEndpointURL) }

// eksEndpoint does the same for EKS.
func (o options) eksEndpoint(c *eks.Options) { c.BaseEndpoint = endpoint(o.endpointURL) }

func endpoint(url string) *string {
	if url == "" {
		return nil
	}
	return &url
}

// credentials returns credentials that live for renewBefore at least, where their source has such to give.
//
// It renews them itself instead of with the cache's ExpiryWindow, which works by reporting an earlier expiry: a token's
// own expiry is taken from here, and must be the true one.
func (c *client) credentials(ctx context.Context) (aws.Credentials, error) {
	creds, err := c.cached.Retrieve(ctx)
	if err != nil {
		return aws.Credentials{}, c.credentialsFailure(ctx, err)
	}
	cache, ok := c.cached.(*aws.CredentialsCache)
	if !ok || !creds.CanExpire || time.Until(creds.Expires) > renewBefore {
		return creds, nil
	}
	cache.Invalidate()
	renewed, err := cache.Retrieve(ctx)
	switch {
	case err == nil:
		return renewed, nil
	case creds.Expired():
		return aws.Credentials{}, c.credentialsFailure(ctx, err)
	}
	return creds, nil // what is left of them still serves
}

// callerARN returns the ARN that AWS knows the caller by, or nothing: the call needs no permission, but STS may be out of
// reach where only EKS has a VPC endpoint.
func (c *client) callerARN(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, callerTimeout)
	defer cancel()
	out, err := c.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}, func(o *sts.Options) { o.RetryMaxAttempts = 1 })
	if err != nil {
		return ""
	}
	return aws.ToString(out.Arn)
}
