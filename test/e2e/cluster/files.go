package cluster

import (
	"encoding/csv"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

func (c *Cluster) file(name string) string { return filepath.Join(c.dir, name) }

// writeFiles writes what the server's flags point at.
func (c *Cluster) writeFiles(opts Options, adminToken string) error {
	pair := opts.CA.ServerCertificate("127.0.0.1", "localhost", "kubernetes.default.svc")
	key, err := keyPEM(pair.PrivateKey)
	if err != nil {
		return err
	}
	serviceAccountKey, err := newKeyPEM()
	if err != nil {
		return err
	}
	tokens, err := tokenFile(opts.Tokens, adminToken)
	if err != nil {
		return err
	}
	return errors.Join(
		c.write("server.crt", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]})),
		c.write("server.key", key),
		c.write("ca.crt", opts.CA.PEM()),
		c.write("service-account.key", serviceAccountKey),
		c.write("tokens.csv", tokens),
		c.writeJSON("audit-policy.yaml", object{
			"apiVersion": "audit.k8s.io/v1", "kind": "Policy",
			"omitStages": []string{"RequestReceived"}, "rules": []object{{"level": "Metadata"}},
		}),
		c.writeJSON("authentication.yaml", object{
			"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AuthenticationConfiguration",
			"anonymous": object{"enabled": true}, "jwt": authenticators(opts.Issuers, string(opts.CA.PEM())),
		}),
		c.writeJSON("webhook.yaml", object{
			"apiVersion": "v1", "kind": "Config", "current-context": "webhook",
			"clusters": []object{{"name": "webhook", "cluster": object{"server": c.webhook.URL, "certificate-authority": c.file("ca.crt")}}},
			"contexts": []object{{"name": "webhook", "context": object{"cluster": "webhook", "user": "apiserver"}}},
			"users":    []object{{"name": "apiserver", "user": object{}}},
		}),
	)
}

type object = map[string]any

// authenticators is the structured authentication configuration of the issuers.
func authenticators(issuers []Issuer, ca string) []object {
	all := []object{}
	for _, i := range issuers {
		claims := object{"username": object{"claim": i.UserClaim, "prefix": ""}}
		if i.GroupsClaim != "" {
			claims["groups"] = object{"claim": i.GroupsClaim, "prefix": ""}
		}
		all = append(all, object{
			"issuer":        object{"url": i.URL, "audiences": []string{i.Audience}, "certificateAuthority": ca},
			"claimMappings": claims,
		})
	}
	return all
}

// tokenFile is in the format of --token-auth-file: token, user, uid, groups.
func tokenFile(tokens map[string]User, adminToken string) ([]byte, error) {
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write([]string{adminToken, "admin", "0", "system:masters"})
	for token, user := range tokens {
		_ = w.Write([]string{token, user.Name, strconv.Quote(user.Name), strings.Join(user.Groups, ",")})
	}
	w.Flush()
	return []byte(b.String()), w.Error()
}

func (c *Cluster) write(name string, content []byte) error {
	return os.WriteFile(c.file(name), content, 0o600)
}

// writeJSON writes YAML's subset that needs no library.
func (c *Cluster) writeJSON(name string, content any) error {
	data, err := json.Marshal(content)
	if err != nil {
		return err
	}
	return c.write(name, data)
}
