package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sigs.k8s.io/aws-iam-authenticator/pkg/token"

	"github.com/kubemuster/kubemuster/internal/cloudfake/aws"
	"github.com/kubemuster/kubemuster/test/e2e/cluster"
)

const (
	awsAccount    = "111122223333"
	awsRegion     = "us-east-1"
	awsKeyID      = "AKIAIOSFODNN7SCANNER"
	awsSecret     = "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"
	awsExternalID = "e2e-external-id"
	awsUser       = "arn:aws:iam::" + awsAccount + ":user/scanner"
)

func awsRole(name string) string { return "arn:aws:iam::" + awsAccount + ":role/" + name }

func awsCluster(name string) string {
	return "arn:aws:eks:" + awsRegion + ":" + awsAccount + ":cluster/" + name
}

// accessEntries are what the clusters' access entries say: the groups of each principal.
var accessEntries = map[string][]string{
	awsRole("reader"):         {"kubemuster:readers"},
	awsRole("reader-briefly"): {"kubemuster:readers"},
	awsRole("partial"):        {"partial"},
}

// eksCloud is AWS, where each identity is a role that one user assumes.
type eksCloud struct {
	*aws.Cloud
	suffix string // of the roles' names
}

func buildEKS() error {
	everywhere := []string{"*"}
	role := func(name string, lifetime time.Duration, mayDescribe []string) aws.Role {
		return aws.Role{ARN: awsRole(name), Trusts: []string{awsUser}, ExternalID: awsExternalID, SessionLifetime: lifetime, MayDescribe: mayDescribe}
	}
	c := aws.New(world.ca, aws.Config{
		Users: []aws.User{{ARN: awsUser, AccessKeyID: awsKeyID, SecretAccessKey: awsSecret}},
		Roles: []aws.Role{
			role("reader", 0, everywhere), role("partial", 0, everywhere), role("stranger", 0, everywhere), role("outsider", 0, nil),
			role("reader-briefly", briefly, everywhere),
		},
	})
	world.eks, world.eksBriefly = eksCloud{c, ""}, eksCloud{c, "-briefly"}
	return routeSTS(c)
}

// routeSTS leads the names of STS to the fake one. Control planes dial nothing else, and the verifier that they run takes
// neither a client nor an address: it uses http.DefaultTransport.
func routeSTS(c *aws.Cloud) error {
	sts, err := url.Parse(c.STSEndpoint())
	if err != nil {
		return err
	}
	http.DefaultTransport = &http.Transport{
		TLSClientConfig: tlsConfig(),
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if !strings.HasPrefix(address, "sts.") || !strings.HasSuffix(address, ".amazonaws.com:443") {
				return nil, fmt.Errorf("%s is not STS", address)
			}
			return new(net.Dialer).DialContext(ctx, network, sts.Host)
		},
	}
	return nil
}

// authenticateEKS does what an EKS control plane of one of these names does: it verifies the token with
// aws-iam-authenticator, and looks up the principal's access entry.
func authenticateEKS(bearer string, names []string) (cluster.User, error) {
	var refusals []error
	for _, name := range names {
		id, err := token.NewVerifier(name, "aws", awsRegion).Verify(bearer)
		if err != nil {
			refusals = append(refusals, err)
			continue
		}
		groups, ok := accessEntries[id.CanonicalARN]
		if !ok {
			return cluster.User{}, fmt.Errorf("%s has no access entry", id.CanonicalARN)
		}
		return cluster.User{Name: id.ARN, Groups: groups}, nil
	}
	return cluster.User{}, errors.Join(refusals...)
}

func (eksCloud) provider() string { return "eks" }

func (c eksCloud) register(name, address string, ca []byte) {
	c.SetCluster(aws.Cluster{ARN: awsCluster(name), Endpoint: "https://" + address, CA: ca})
}

func (c eksCloud) target(cluster string, as identity) string {
	if as == impostor {
		as = reader
	}
	return fmt.Sprintf("eks://%s/%s?roleArn=%s&externalId=%s&endpointUrl=%s&stsEndpointUrl=%s&caFile=%s",
		awsRegion, cluster, awsRole(string(as)+c.suffix), awsExternalID, c.EKSEndpoint(), c.STSEndpoint(), world.caFile)
}

func (c eksCloud) env(as identity) []string {
	secret := awsSecret
	if as == impostor {
		secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYe2eKEY9999"
	}
	return []string{"AWS_ACCESS_KEY_ID=" + awsKeyID, "AWS_SECRET_ACCESS_KEY=" + secret, "AWS_EC2_METADATA_DISABLED=true"}
}

func (c eksCloud) user(as identity) string {
	return fmt.Sprintf("arn:aws:sts::%s:assumed-role/%s%s/kubemuster", awsAccount, as, c.suffix)
}

func (c eksCloud) verify(token, cluster string) error {
	_, err := c.VerifyToken(token, cluster)
	return err
}
