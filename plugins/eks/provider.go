package main

import (
	"context"
	"encoding/base64"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// provider gives access to Amazon EKS clusters. Its zero value is ready for use.
type provider struct {
	mu      sync.Mutex
	clients map[options]*client
}

var _ sdk.Provider = (*provider)(nil)

// Info implements sdk.Provider.
func (p *provider) Info() sdk.Info {
	return sdk.Info{
		Name:    "eks",
		Version: version,
		Path:    "{region}/{cluster}",
		Parameters: []sdk.Parameter{
			{Name: "profile", Type: sdk.String, Help: "profile of the AWS configuration files to use instead of AWS_PROFILE and the environment's keys"},
			{Name: "roleArn", Type: sdk.String, Help: "IAM role to assume, as in arn:aws:iam::111122223333:role/kubemuster"},
			{Name: "externalId", Type: sdk.String, Help: "external ID that the role's trust policy asks for; needs roleArn"},
			{Name: "sessionName", Type: sdk.String, Help: "name of the role session, as CloudTrail shows it (default kubemuster); needs roleArn"},
			{Name: "endpointUrl", Type: sdk.URL, Help: "endpoint of the EKS API, as for a VPC endpoint"},
			{Name: "stsEndpointUrl", Type: sdk.URL, Help: "endpoint for calls to STS, as for a VPC endpoint; tokens always name the public regional one"},
			sdk.ParameterCAFile,
		},
		Env: environment,
	}
}

// environment is what the AWS SDK's credential chain reads. The region is not among it, because targets name theirs,
// nor is AWS_ENDPOINT_URL, because a target says where to send credentials.
var environment = []string{
	"AWS_ACCESS_KEY_ID",
	"AWS_SECRET_ACCESS_KEY",
	"AWS_SESSION_TOKEN",

	"AWS_PROFILE",
	"AWS_CONFIG_FILE",
	"AWS_SHARED_CREDENTIALS_FILE",
	"AWS_LOGIN_CACHE_DIRECTORY",

	"AWS_ROLE_ARN",
	"AWS_ROLE_SESSION_NAME",
	"AWS_WEB_IDENTITY_TOKEN_FILE",

	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
	"AWS_CONTAINER_CREDENTIALS_FULL_URI",
	"AWS_CONTAINER_AUTHORIZATION_TOKEN",
	"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",

	"AWS_EC2_METADATA_DISABLED",
	"AWS_EC2_METADATA_V1_DISABLED",
	"AWS_EC2_METADATA_SERVICE_ENDPOINT",
	"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",

	"AWS_CA_BUNDLE",
	"AWS_USE_FIPS_ENDPOINT",
	"AWS_USE_DUALSTACK_ENDPOINT",
}

// Access implements sdk.Provider with eks:DescribeCluster.
func (p *provider) Access(ctx context.Context, t sdk.Target) (*sdk.Access, error) {
	name, c, err := p.open(ctx, t)
	if err != nil {
		return nil, err
	}
	creds, err := c.credentials(ctx)
	if err != nil {
		return nil, err
	}
	out, err := c.eks.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: &name})
	if err != nil {
		return nil, c.describeFailure(ctx, name, creds.AccountID, err)
	}
	cluster := out.Cluster
	if err := servable(name, cluster); err != nil {
		return nil, err
	}
	ca, err := base64.StdEncoding.DecodeString(aws.ToString(cluster.CertificateAuthority.Data))
	if err != nil {
		return nil, sdk.Errorf(sdk.ErrUnsupported, "", "the certificate authority of cluster %q is not base64", name)
	}
	id, err := arn.Parse(aws.ToString(cluster.Arn))
	if err != nil {
		return nil, sdk.Errorf(sdk.ErrUnsupported, "", "EKS names no ARN for cluster %q", name)
	}
	access := &sdk.Access{
		Server: aws.ToString(cluster.Endpoint),
		Trust:  sdk.ClusterCA(ca),
		Cluster: sdk.Cluster{
			Provider: "eks",
			Account:  id.AccountID,
			Region:   c.options.region,
			Name:     name,
			ID:       id.String(),
		},
		Hint: unauthorizedHint(cluster, c.callerARN(ctx), c.options.roleARN),
	}
	if err := access.Validate(); err != nil {
		return nil, sdk.Errorf(sdk.ErrUnsupported, "", "EKS describes cluster %q in an unusable way: %v", name, err)
	}
	return access, nil
}

// servable says why a cluster has no API server that a token would open.
func servable(name string, c *types.Cluster) error {
	switch {
	case c == nil:
		return sdk.Errorf(sdk.ErrUnavailable, "", "EKS describes nothing for cluster %q", name)
	case c.ConnectorConfig != nil:
		return sdk.Errorf(sdk.ErrUnsupported, "scan it with kubeconfig:// and a context of the cluster's own",
			"cluster %q is only registered with EKS (connector), which gives no access to its API server", name)
	case c.OutpostConfig != nil:
		return sdk.Errorf(sdk.ErrUnsupported, "scan it with kubeconfig:// and a context of the cluster's own",
			"cluster %q is a local cluster on AWS Outposts, which this plugin does not serve yet", name)
	case c.Status == types.ClusterStatusCreating || c.Status == types.ClusterStatusPending:
		return sdk.Errorf(sdk.ErrUnavailable, "scan it again once it is ACTIVE", "cluster %q is still %s", name, c.Status)
	case c.Status != types.ClusterStatusActive && c.Status != types.ClusterStatusUpdating:
		return sdk.Errorf(sdk.ErrUnsupported, "leave it out of the scan, or repair it until its status is ACTIVE",
			"cluster %q has the status %s", name, c.Status)
	case aws.ToString(c.Endpoint) == "" || c.CertificateAuthority == nil:
		return sdk.Errorf(sdk.ErrUnavailable, "scan it again in a few minutes", "EKS names no endpoint for cluster %q yet", name)
	}
	return nil
}

// Token implements sdk.Provider. It signs a new token at each call; only the credentials that sign are cached.
func (p *provider) Token(ctx context.Context, t sdk.Target) (*sdk.Token, error) {
	name, c, err := p.open(ctx, t)
	if err != nil {
		return nil, err
	}
	creds, err := c.credentials(ctx)
	if err != nil {
		return nil, err
	}
	return newToken(ctx, c.options.region, name, creds)
}

// open returns the cluster's name and the client for its target. Targets that differ in nothing but the cluster share a
// client, and with it the role session and its connections.
func (p *provider) open(ctx context.Context, t sdk.Target) (string, *client, error) {
	name, o, err := parse(t)
	if err != nil {
		return "", nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if c, ok := p.clients[o]; ok {
		return name, c, nil
	}
	c, err := newClient(ctx, o)
	if err != nil {
		return "", nil, err
	}
	if p.clients == nil {
		p.clients = map[options]*client{}
	}
	p.clients[o] = c
	return name, c, nil
}
