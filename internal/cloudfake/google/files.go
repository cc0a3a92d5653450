package google

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
)

// CredentialsFile writes a service account's key file with a new key to dir and returns its path.
func (c *Cloud) CredentialsFile(dir, email string) (string, error) {
	file, err := c.serviceAccount(email)
	if err != nil {
		return "", err
	}
	return write(dir, "service-account-*.json", file)
}

// UserFile writes what "gcloud auth application-default login" leaves for a user, with a new refresh token.
func (c *Cloud) UserFile(dir, email string) (string, error) {
	return write(dir, "user-*.json", map[string]any{
		"type": "authorized_user", "client_id": clientID, "client_secret": clientSecret,
		"refresh_token": c.secret(email), "token_uri": c.URL() + "/token",
	})
}

// ImpersonationFile writes credentials of source that act as target.
func (c *Cloud) ImpersonationFile(dir, source, target string) (string, error) {
	file, err := c.serviceAccount(source)
	if err != nil {
		return "", err
	}
	return write(dir, "impersonated-*.json", map[string]any{
		"type": "impersonated_service_account", "source_credentials": file,
		"service_account_impersonation_url": c.impersonationURL(target),
	})
}

// FederatedFile writes credentials of workload identity federation: principal's subject token stands in a file beside
// it, and it acts as target.
func (c *Cloud) FederatedFile(dir, principal, target string) (string, error) {
	subject, err := os.CreateTemp(dir, "subject-token-*")
	if err != nil {
		return "", err
	}
	_, err = subject.WriteString(c.secret(principal))
	if closed := subject.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return "", err
	}
	return write(dir, "federated-*.json", map[string]any{
		"type": "external_account", "audience": poolAudience, "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
		"token_url": c.URL() + "/v1/token", "service_account_impersonation_url": c.impersonationURL(target),
		"credential_source": map[string]any{"file": subject.Name()},
	})
}

func (c *Cloud) impersonationURL(email string) string {
	return fmt.Sprintf("%s/v1/projects/-/serviceAccounts/%s:generateAccessToken", c.URL(), email)
}

func (c *Cloud) serviceAccount(email string) (map[string]any, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	id := random()
	c.mu.Lock()
	c.keys[id] = serviceKey{email: email, key: &key.PublicKey}
	c.mu.Unlock()
	return map[string]any{
		"type": "service_account", "client_email": email, "private_key_id": id,
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"token_uri":   c.URL() + "/token",
	}, nil
}

// secret makes a credential that speaks for the identity.
func (c *Cloud) secret(email string) string {
	s := "1//" + random()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.secrets[s] = email
	return s
}

func write(dir, pattern string, content map[string]any) (path string, err error) {
	f, err := os.CreateTemp(dir, pattern) // 0600
	if err != nil {
		return "", err
	}
	defer func() {
		if closed := f.Close(); err == nil {
			err = closed
		}
	}()
	return filepath.Clean(f.Name()), json.NewEncoder(f).Encode(content)
}
