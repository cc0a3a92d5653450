package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/kubemuster/kubemuster/internal/cloudfake"
	"github.com/kubemuster/kubemuster/internal/cloudfake/aws"
	"github.com/kubemuster/kubemuster/internal/cloudfake/azure"
	"github.com/kubemuster/kubemuster/internal/cloudfake/google"
	"github.com/kubemuster/kubemuster/internal/replay"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// The scanner's identity in each cloud.
const (
	googleEmail   = "kubemuster@my-project.iam.gserviceaccount.com"
	awsUser       = "arn:aws:iam::111122223333:user/kubemuster"
	azureClientID = "00000000-0000-0000-0000-00000000c11e"
	azureObjectID = "00000000-0000-0000-0000-00000000d0e1"
)

// configuration names the targets, and where their clouds are. It does so for each provider and not for each target, so
// that the targets can also be given as arguments, in their plain form.
const configuration = `targets:
- target: gke://my-project/europe-west1/prod
  alias: shop
- target: aks://00000000-0000-0000-0000-000000000001/platform/prod
  alias: data-platform
- target: eks://us-east-1/prod
  alias: ci-and-ml
plugins:
  providers:
    gke:
      env: [GOOGLE_APPLICATION_CREDENTIALS]
      params: {apiEndpoint: %[2]q, caFile: %[1]q}
    aks:
      env: [AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET]
      params: {auth: secret, cloud: custom, authorityHost: %[3]q, resourceManagerEndpoint: %[4]q, caFile: %[1]q}
    eks:
      env: [AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE]
      params: {endpointUrl: %[5]q, stsEndpointUrl: %[6]q, caFile: %[1]q}
`

// world is what the command runs in.
type world struct {
	// env holds the variables that lead the command to the clouds: KEY=value.
	env    []string
	closes []func()

	snapshots, dir string
	ca             *cloudfake.CA // the clouds'; each cluster has its own
}

// start starts the clouds and their clusters and writes credentials and configuration to dir, which must be private.
func start(snapshots, dir string) (*world, error) {
	w := &world{snapshots: snapshots, dir: dir, ca: cloudfake.NewCA("kubemuster demo")}
	if err := w.startClouds(); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *world) startClouds() error {
	gke, err := w.startGoogle()
	if err != nil {
		return err
	}
	aks, err := w.startAzure()
	if err != nil {
		return err
	}
	eks, err := w.startAWS()
	if err != nil {
		return err
	}
	caFile, err := w.write("ca.pem", string(w.ca.PEM()))
	if err != nil {
		return err
	}
	config, err := w.write("kubemuster.yaml", fmt.Sprintf(configuration, caFile, gke.URL(), aks.AuthorityURL(), aks.ARMURL(), eks.EKSEndpoint(), eks.STSEndpoint()))
	w.env = append(w.env, "KUBEMUSTER_CONFIG="+config)
	return err
}

func (w *world) close() {
	for _, f := range w.closes {
		f()
	}
}

func (w *world) startGoogle() (*google.Cloud, error) {
	cloud := google.New(w.ca)
	w.closes = append(w.closes, cloud.Close)
	api, ca, err := w.replay("gke", replay.Options{Authenticate: func(_ context.Context, token string) (string, []string, error) {
		user, err := cloud.VerifyToken(token)
		return user, nil, err
	}})
	if err != nil {
		return nil, err
	}
	cloud.AddIdentity(google.Identity{Email: googleEmail, Permissions: []string{google.ClustersGet}})
	cloud.AddCluster(google.Cluster{Project: "my-project", Location: "europe-west1", Name: "prod", PublicEndpoint: address(api), CA: ca.PEM()})
	credentials, err := cloud.CredentialsFile(w.dir, googleEmail)
	w.env = append(w.env, "GOOGLE_APPLICATION_CREDENTIALS="+credentials)
	return cloud, err
}

func (w *world) startAzure() (*azure.Cloud, error) {
	cloud := azure.New(w.ca)
	w.closes = append(w.closes, cloud.Close)
	api, ca, err := w.replay("aks", replay.Options{
		Authenticate: func(_ context.Context, token string) (string, []string, error) {
			user, err := cloud.VerifyToken(token)
			return user, nil, err
		},
		// As the recorded cluster's ClusterRole for the scanner has it: that scan is incomplete, and says so.
		Authorize: func(_ string, _ []string, _ string, kind snapshot.Kind, _ string) bool {
			return kind.Name != "NetworkPolicy"
		},
	})
	if err != nil {
		return nil, err
	}
	secret := rand.Text()
	cloud.AddIdentity(azure.Identity{
		ClientID: azureClientID, ObjectID: azureObjectID, Secret: secret,
		Actions: []string{azure.ActionRead, azure.ActionUserCredential},
	})
	cloud.AddCluster(azure.Cluster{
		Subscription: "00000000-0000-0000-0000-000000000001", ResourceGroup: "platform", Name: "prod", Location: "westeurope",
		FQDN: address(api), CA: ca.PEM(), Mode: azure.KubernetesRBAC, DisableLocalAccounts: true,
	})
	w.env = append(w.env, "AZURE_TENANT_ID="+cloud.TenantID(), "AZURE_CLIENT_ID="+azureClientID, "AZURE_CLIENT_SECRET="+secret)
	return cloud, nil
}

func (w *world) startAWS() (*aws.Cloud, error) {
	const arn = "arn:aws:eks:us-east-1:111122223333:cluster/prod"
	key, secret := "AKIA"+rand.Text()[:16], rand.Text()
	cloud := aws.New(w.ca, aws.Config{Users: []aws.User{{ARN: awsUser, AccessKeyID: key, SecretAccessKey: secret, MayDescribe: []string{arn}}}})
	w.closes = append(w.closes, cloud.Close)
	api, ca, err := w.replay("eks", replay.Options{Authenticate: func(_ context.Context, token string) (string, []string, error) {
		user, err := cloud.VerifyToken(token, "prod")
		return user, []string{"kubemuster:readers"}, err // as its access entry says
	}})
	if err != nil {
		return nil, err
	}
	cloud.SetCluster(aws.Cluster{ARN: arn, Endpoint: api.URL, CA: ca.PEM()})
	config, err := w.write("aws-config", "[default]\n")
	if err != nil {
		return nil, err
	}
	credentials, err := w.write("aws-credentials", fmt.Sprintf("[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", key, secret))
	w.env = append(w.env, "AWS_CONFIG_FILE="+config, "AWS_SHARED_CREDENTIALS_FILE="+credentials)
	return cloud, err
}

// replay serves a recorded cluster with a certificate of an authority that is the cluster's own.
func (w *world) replay(name string, opts replay.Options) (*httptest.Server, *cloudfake.CA, error) {
	path := filepath.Join(w.snapshots, name+".ndjson")
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil, fmt.Errorf("there is no snapshot %s; run the demo in the repository's root", path)
	}
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	r, err := snapshot.NewReader(f, path)
	if err != nil {
		return nil, nil, err
	}
	handler, err := replay.New(r, opts)
	if err != nil {
		return nil, nil, err
	}
	ca := cloudfake.NewCA(name + " cluster")
	server := ca.Serve(handler)
	w.closes = append(w.closes, server.Close)
	return server, ca, nil
}

func (w *world) write(name, content string) (path string, err error) {
	path = filepath.Join(w.dir, name)
	return path, os.WriteFile(path, []byte(content), 0o600)
}

// address is a server's host:port.
func address(s *httptest.Server) string { return strings.TrimPrefix(s.URL, "https://") }
