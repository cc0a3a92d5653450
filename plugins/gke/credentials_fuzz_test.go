package main

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Whatever a credentials file holds, it is refused without a word of its secrets, or sends them to no host but those that they are for.
func FuzzCredentials(f *testing.F) {
	for _, seed := range []string{
		``, `null`, `[]`, `{"type":"service_account","private_key":"CANARY","token_uri":"https://oauth2.googleapis.com/token"}`,
		`{"type":"authorized_user","refresh_token":"CANARY","token_uri":"https://oauth2.googleapis.com.evil.example/token"}`,
		`{"type":"external_account","token_url":"https://sts.googleapis.com@evil.example/","credential_source":{"url":"http://127.0.0.1:8080/t","headers":{"a":"CANARY"}}}`,
		`{"type":"external_account","credential_source":{"environment_id":"aws1","regional_cred_verification_url":"https://sts.{region}.amazonaws.com?Action=GetCallerIdentity"}}`,
		`{"type":"impersonated_service_account","service_account_impersonation_url":"https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/a@b:generateAccessToken","source_credentials":{"type":"authorized_user","token_uri":"https:\\\\evil.example"}}`,
		`{"TYPE":"service_account","Token_URI":"//oauth2.googleapis.com/token","token_uri":"https://oauth2.googleapis.com:8443/"}`,
	} {
		f.Add([]byte(seed))
	}
	file := filepath.Join(f.TempDir(), "credentials.json")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := findCredentials(file, "")
		if err != nil {
			var parsed credentialsFile
			secret := "CANARY"
			if _ = json.Unmarshal(data, &parsed); strings.Contains(err.Error(), secret) && !strings.Contains(parsed.Type, secret) {
				t.Errorf("%q: %v", data, err)
			}
			return
		}
		sent, err := json.Marshal(c.file)
		if err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		var fields map[string]any
		if err := json.Unmarshal(sent, &fields); err != nil {
			t.Fatal(err)
		}
		for _, host := range hostsIn(fields) {
			if !slices.ContainsFunc([]string{
				".googleapis.com", ".google.com", ".amazonaws.com", ".amazonaws.com.cn", ".actions.githubusercontent.com",
			}, func(end string) bool { return strings.HasSuffix(host, end) }) && !local(host) {
				t.Errorf("%q leads to %q", data, host)
			}
		}
		c.email()
		c.advice()
	})
}

// hostsIn are the hosts of what the oauth2 library takes for a URL: each field whose name says so.
func hostsIn(fields map[string]any) (hosts []string) {
	for name, value := range fields {
		switch v := value.(type) {
		case map[string]any:
			if name != "headers" {
				hosts = append(hosts, hostsIn(v)...)
			}
		case string:
			if name = strings.ToLower(name); v == "" || !strings.HasSuffix(name, "url") && !strings.HasSuffix(name, "uri") {
				continue
			}
			u, err := url.Parse(strings.ReplaceAll(v, "{region}", "region"))
			if err != nil {
				hosts = append(hosts, v)
				continue
			}
			hosts = append(hosts, u.Hostname())
		}
	}
	return hosts
}

func local(host string) bool {
	return host == "localhost" || host == "169.254.169.254" || host == "fd00:ec2::254" || strings.HasPrefix(host, "127.") || host == "::1" || strings.HasPrefix(host, "::ffff:127.") || strings.HasPrefix(host, "::1%")
}
