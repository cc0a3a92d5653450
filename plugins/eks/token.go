package main

import (
	"context"
	"encoding/base64"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// The token format is that of sigs.k8s.io/aws-iam-authenticator, whose server side every EKS control plane runs: a
// presigned STS request for the caller's identity, which the control plane sends for the caller.
const (
	tokenPrefix   = "k8s-aws-v1."
	clusterHeader = "x-k8s-aws-id"
	// maxToken is the size in bytes above which the control plane refuses a token.
	maxToken = 4096
	// STS accepts a signed request for 15 minutes, whatever X-Amz-Expires says; one minute is kept for clocks that differ.
	tokenLifetime = 14 * time.Minute
	amzDateLayout = "20060102T150405Z"
)

// newToken signs a token for the cluster with creds.
func newToken(ctx context.Context, region, cluster string, creds aws.Credentials) (*sdk.Token, error) {
	if creds.CanExpire && creds.Expired() {
		return nil, sdk.Errorf(sdk.ErrUnauthenticated, "sign in again, or renew them where they come from", "the AWS credentials ended at %s", creds.Expires.UTC().Format(time.RFC3339))
	}
	signed, err := presign(ctx, region, cluster, creds)
	if err != nil {
		return nil, err
	}
	date, err := checkPresigned(signed, region)
	if err != nil {
		return nil, err
	}
	token := &sdk.Token{
		Value:  sdk.NewSecret(tokenPrefix + base64.RawURLEncoding.EncodeToString([]byte(signed))),
		Expiry: date.Add(tokenLifetime),
	}
	if len(token.Value.Reveal()) > maxToken {
		return nil, sdk.Errorf(sdk.ErrUnsupported, "use a role with fewer session tags and policies", "the token would exceed the %d bytes that EKS accepts: the session token is too long", maxToken)
	}
	if creds.CanExpire && creds.Expires.Before(token.Expiry) {
		token.Expiry = creds.Expires
	}
	return token, nil
}

// presign returns the signed URL. Its STS client is made of the region and nothing else, so that no configured endpoint,
// FIPS or dual-stack setting can change the host: the control plane accepts STS's own hosts alone, and the regional one
// is the one that all versions accept in all partitions.
func presign(ctx context.Context, region, cluster string, creds aws.Credentials) (string, error) {
	client := sts.NewPresignClient(sts.New(sts.Options{
		Region:      region,
		Credentials: credentials.StaticCredentialsProvider{Value: creds},
	}))
	request, err := client.PresignGetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}, func(o *sts.PresignOptions) {
		o.ClientOptions = append(o.ClientOptions, sts.WithAPIOptions(
			smithyhttp.SetHeaderValue(clusterHeader, cluster),
			smithyhttp.SetHeaderValue("X-Amz-Expires", "60"), // ignored by STS, bounded by old control planes
		))
	})
	if err != nil {
		return "", failure(ctx, "signing the token", sdk.ErrUnavailable, err)
	}
	return request.URL, nil
}

// checkPresigned returns when the URL was signed, or an error where a control plane would refuse it: an SDK that signs
// one header more has broken every token before.
func checkPresigned(signed, region string) (time.Time, error) {
	broken := func(what string) (time.Time, error) {
		return time.Time{}, sdk.Errorf(sdk.ErrUnsupported, "report it as a bug of this plugin", "the signed token has an unexpected %s", what)
	}
	u, err := url.Parse(signed)
	if err != nil {
		return broken("form")
	}
	endpoint, err := sts.NewDefaultEndpointResolverV2().ResolveEndpoint(context.Background(), sts.EndpointParameters{Region: &region})
	if err != nil || u.Scheme != "https" || u.Host != endpoint.URI.Host || u.Path != "/" {
		return broken("endpoint")
	}
	query := u.Query()
	for name, want := range map[string]string{
		"Action":              "GetCallerIdentity",
		"X-Amz-Expires":       "60",
		"X-Amz-SignedHeaders": "host;" + clusterHeader,
	} {
		if got := query[name]; len(got) != 1 || got[0] != want {
			return broken(name)
		}
	}
	date, err := time.Parse(amzDateLayout, query.Get("X-Amz-Date"))
	if err != nil {
		return broken("X-Amz-Date")
	}
	return date, nil
}
