package google

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"cloud.google.com/go/container/apiv1/containerpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// GetCluster implements the Container API. Like Google's, it tells nobody without permission whether a cluster exists.
func (c *Cloud) GetCluster(ctx context.Context, r *containerpb.GetClusterRequest) (*containerpb.Cluster, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	token := strings.TrimPrefix(strings.Join(md.Get("authorization"), ","), "Bearer ")
	c.mu.Lock()
	defer c.mu.Unlock()
	email, err := c.verify(token)
	if err != nil {
		return nil, status.Error(codes.Unauthenticated, "Request had invalid authentication credentials.")
	}
	if !slices.Contains(c.identities[email].Permissions, ClustersGet) {
		return nil, status.Errorf(codes.PermissionDenied, "Required %q permission(s) for %q.", ClustersGet, r.GetName())
	}
	cluster, ok := c.clusters[r.GetName()]
	if !ok {
		return nil, status.Errorf(codes.NotFound, "Not found: %s.", r.GetName())
	}
	return cluster.message(), nil
}

func (k Cluster) resourceName() string {
	return fmt.Sprintf("projects/%s/locations/%s/clusters/%s", k.Project, k.Location, k.Name)
}

func (k Cluster) message() *containerpb.Cluster {
	if k.Status == containerpb.Cluster_STATUS_UNSPECIFIED {
		k.Status = containerpb.Cluster_RUNNING
	}
	m := &containerpb.Cluster{
		Name: k.Name, Location: k.Location, Status: k.Status, Endpoint: k.Endpoint,
		SelfLink:   "https://container.googleapis.com/v1/" + k.resourceName(),
		MasterAuth: &containerpb.MasterAuth{ClusterCaCertificate: base64.StdEncoding.EncodeToString(k.CA)},
		ControlPlaneEndpointsConfig: &containerpb.ControlPlaneEndpointsConfig{
			DnsEndpointConfig: &containerpb.ControlPlaneEndpointsConfig_DNSEndpointConfig{
				Endpoint: k.DNSEndpoint, AllowExternalTraffic: &k.DNSExternal,
			},
		},
	}
	if k.PublicEndpoint != "" || k.PrivateEndpoint != "" {
		enabled := true
		m.ControlPlaneEndpointsConfig.IpEndpointsConfig = &containerpb.ControlPlaneEndpointsConfig_IPEndpointsConfig{
			Enabled: &enabled, PublicEndpoint: k.PublicEndpoint, PrivateEndpoint: k.PrivateEndpoint,
		}
	}
	return m
}
