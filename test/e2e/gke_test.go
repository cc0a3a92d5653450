package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/kubemuster/kubemuster/internal/cloudfake/google"
	"github.com/kubemuster/kubemuster/test/e2e/cluster"
)

const (
	googleProject  = "acme"
	googleLocation = "europe-west1"
)

func googleEmail(as identity) string { return string(as) + "@acme.iam.gserviceaccount.com" }

// gkeCloud is Google Cloud, where each identity is a service account with a key file.
type gkeCloud struct {
	*google.Cloud
	files map[identity]string
}

func buildGKE() error {
	var problems [3]error
	world.gke, problems[0] = newGKE("google")
	world.gkeBriefly, problems[1] = newGKE("google-briefly", google.WithTokenLifetime(briefly))
	world.gkeForeign, problems[2] = newGKE("google-foreign")
	return errors.Join(problems[:]...)
}

func newGKE(name string, opts ...google.Option) (gkeCloud, error) {
	c := gkeCloud{google.New(world.ca, opts...), map[identity]string{}}
	dir := filepath.Join(world.dir, name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return c, err
	}
	for _, as := range []identity{reader, partial, stranger, outsider} {
		i := google.Identity{Email: googleEmail(as)}
		if as != outsider {
			i.Permissions = []string{google.ClustersGet}
		}
		c.AddIdentity(i)
		var err error
		if c.files[as], err = c.CredentialsFile(dir, i.Email); err != nil {
			return c, err
		}
	}
	var err error
	c.files[impostor], err = withoutKey(dir, c.files[reader])
	return c, err
}

// withoutKey copies a key file as one whose key Google does not have, or no longer.
func withoutKey(dir, path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	var file map[string]any
	if err := json.Unmarshal(data, &file); err != nil {
		return "", err
	}
	file["private_key_id"] = "deleted"
	if data, err = json.Marshal(file); err != nil {
		return "", err
	}
	copied := filepath.Join(dir, "deleted-key.json")
	return copied, os.WriteFile(copied, data, 0o600)
}

// authenticateGKE does what a GKE control plane does: it asks Google whose token it is.
func authenticateGKE(token string) (cluster.User, error) {
	var refusals []error
	for _, c := range []cloud{world.gke, world.gkeBriefly} {
		email, err := c.(gkeCloud).VerifyToken(token)
		if err == nil {
			return cluster.User{Name: email}, nil
		}
		refusals = append(refusals, err)
	}
	return cluster.User{}, errors.Join(refusals...)
}

func (gkeCloud) provider() string { return "gke" }

func (c gkeCloud) register(name, address string, ca []byte) {
	c.AddCluster(google.Cluster{Project: googleProject, Location: googleLocation, Name: name, PublicEndpoint: address, CA: ca})
}

func (c gkeCloud) target(cluster string, as identity) string {
	return fmt.Sprintf("gke://%s/%s/%s?credentialsFile=%s&apiEndpoint=%s&caFile=%s",
		googleProject, googleLocation, cluster, c.files[as], c.Endpoint(), world.caFile)
}

func (gkeCloud) env(identity) []string { return nil }

func (gkeCloud) user(as identity) string { return googleEmail(as) }

func (c gkeCloud) verify(token, _ string) error {
	_, err := c.VerifyToken(token)
	return err
}
