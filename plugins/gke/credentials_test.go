package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

func TestCredentialsFileTypes(t *testing.T) {
	w := newWorld(t)
	for content, want := range map[string]struct {
		kind error
		says string
	}{
		`{"type":"external_account_authorized_user","token_url":"https://sts.googleapis.com/v1/oauthtoken"}`: {sdk.ErrUnsupported, "external_account_authorized_user"},
		`{"type":"gdch_service_account"}`: {sdk.ErrUnsupported, "gdch_service_account"},
		`{"client_email":"CANARY"}`:       {sdk.ErrUnsupported, `type ""`},
		`{"installed":{"client_id":"x","client_secret":"CANARY","redirect_uris":["x"]}}`: {sdk.ErrUnsupported, `type ""`},
		`CANARY`: {sdk.ErrUnauthenticated, "not one of Google's"},
		`{"type":"service_account","universe_domain":"example.com"}`:                                                        {sdk.ErrUnsupported, "universe"},
		`{"type":"impersonated_service_account","source_credentials":{"type":"impersonated_service_account"}}`:              {sdk.ErrUnsupported, "source_credentials"},
		`{"type":"external_account","credential_source":{"executable":{"command":"/bin/echo CANARY"}}}`:                     {sdk.ErrUnsupported, "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES"},
		`{"type":"external_account","audience":"x","subject_token_type":"x","credential_source":{"certificate":{"x":"y"}}}`: {sdk.ErrUnauthenticated, "gave no token"},
	} {
		file := w.write(t, "file.json", content)
		_, err := w.Token(t.Context(), w.target(t, "prod", "credentialsFile="+file))
		w.wantError(t, err, want.kind, want.says)
		// A file that Application Default Credentials find is judged no better.
		t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", file)
		_, err = w.Token(t.Context(), w.target(t, "prod", ""))
		w.wantError(t, err, want.kind, want.says)
	}
}

// TestURLsInCredentialsFiles puts each URL into each field and says which may stand where.
func TestURLsInCredentialsFiles(t *testing.T) {
	const trusted = "10.0.0.9:443"
	fields := map[string]string{
		"token_uri": "oauth", "token_url": "sts", "token_info_url": "sts", "service_account_impersonation_url": "iam",
		"credential_source.url": "local", "credential_source.region_url": "local",
		"credential_source.imdsv2_session_token_url": "local", "credential_source.regional_cred_verification_url": "aws",
	}
	const impersonate = "/v1/projects/-/serviceAccounts/a@p.iam.gserviceaccount.com:generateAccessToken"
	for u, where := range map[string]string{
		"https://oauth2.googleapis.com/token":                              "oauth",
		"https://accounts.google.com/o/oauth2/token":                       "oauth",
		"https://www.googleapis.com/oauth2/v4/token":                       "oauth",
		"https://sts.googleapis.com/v1/token":                              "sts",
		"https://sts.googleapis.com:443/v1/token":                          "sts",
		"https://sts.europe-west1.rep.googleapis.com/v1/token":             "sts",
		"https://us-east1-sts.googleapis.com/v1/token":                     "sts",
		"https://sts.mtls.googleapis.com/v1/token":                         "sts",
		"https://sts-mine.p.googleapis.com/v1/token":                       "sts",
		"https://iamcredentials.googleapis.com" + impersonate:              "iam",
		"https://iamcredentials.us-east1.rep.googleapis.com" + impersonate: "iam",
		"https://10.0.0.9" + impersonate:                                   "oauth sts iam", // the user's own apiEndpoint
		"http://169.254.169.254/latest/meta-data":                          "local",
		"http://[fd00:ec2::254]/latest/meta-data":                          "local",
		"http://localhost:5000/token":                                      "local",
		"http://127.0.0.1/token":                                           "local",
		"https://pipelines.actions.githubusercontent.com/x?y=z":            "local",
		"https://sts.{region}.amazonaws.com?Action=GetCallerIdentity":      "aws",

		"https://evil.example/token":                                        "",
		"http://sts.googleapis.com/v1/token":                                "",
		"https://sts.googleapis.com:8443/v1/token":                          "",
		"https://user:CANARY@sts.googleapis.com/v1/token":                   "",
		"https://sts.googleapis.com.evil.example/v1/token":                  "",
		"https://evil.example/sts.googleapis.com":                           "",
		"https://evilsts.googleapis.com.example":                            "",
		"https://bucket.storage.googleapis.com/sts":                         "",
		"https://iamcredentials.googleapis.com/v1/elsewhere":                "",
		"https://iamcredentials.googleapis.com" + impersonate + "?x=y":      "",
		"https://10.0.0.9:444/token":                                        "",
		"http://10.0.0.9:443/token":                                         "",
		"http://pipelines.actions.githubusercontent.com/x":                  "",
		"https://actions.githubusercontent.com.evil.example/x":              "",
		"http://169.254.169.254.evil.example/":                              "",
		"http://169.254.170.2/":                                             "",
		"file:///etc/passwd":                                                "",
		"https://sts.{region}.amazonaws.com.evil.example?Action=x":          "",
		"https://sts.{region}.evil.example/sts.us-east-1.amazonaws.com?a=b": "",
		"\x01": "",
	} {
		for field, kind := range fields {
			object := map[string]any{"type": "external_account"}
			if name, nested := strings.CutPrefix(field, "credential_source."); nested {
				object["credential_source"] = map[string]any{name: u}
			} else {
				object[field] = u
			}
			var f credentialsFile
			must0(t, json.Unmarshal(must1(json.Marshal(object))(t), &f))
			allowed := where != "" && strings.Contains(where, kind) && (kind != "iam" || strings.Contains(u, "serviceAccounts"))
			err := f.check("file.json", trusted, "external_account")
			if allowed {
				if err != nil {
					t.Errorf("%s = %s: %v", field, u, err)
				}
			} else if err == nil || !strings.Contains(err.Error(), field) || strings.Contains(err.Error(), "CANARY") {
				t.Errorf("%s = %s: got %v", field, u, err)
			}
			// What stands in source_credentials is checked alike.
			outer := credentialsFile{Type: "impersonated_service_account", SourceCredentials: &f}
			if (outer.check("file.json", trusted, outer.Type) == nil) != allowed {
				t.Errorf("%s = %s is judged otherwise in source_credentials", field, u)
			}
		}
	}
}

// TestHostileFileSendsNothing: a URL is refused before any request, also under a spelling that JSON folds.
func TestHostileFileSendsNothing(t *testing.T) {
	w := newWorld(t)
	file := w.key(t, scanner)
	edit(t, file, func(f map[string]any) { f["TOKEN_URI"] = f["token_uri"]; delete(f, "token_uri") })
	target := w.target(t, "prod", "credentialsFile="+file)
	must1(w.Token(t.Context(), target))(t)
	target.Params["apiEndpoint"] = "container.googleapis.com"
	_, err := w.Token(t.Context(), target)
	w.wantError(t, err, sdk.ErrUnauthenticated, "token_uri")
	if n := w.cloud.Issued(); n != 1 {
		t.Errorf("%d tokens issued, want 1", n)
	}
}

func TestQuotaProject(t *testing.T) {
	w := newWorld(t)
	file := must1(w.cloud.UserFile(w.dir, scanner))(t)
	edit(t, file, func(f map[string]any) { f["quota_project_id"] = "from-file" })
	target := w.target(t, "prod", "credentialsFile="+file)
	c := must1(w.client(target))(t)
	if g := must1(c.issue(t.Context()))(t); g.quotaProject != "from-file" {
		t.Errorf("got quota project %q", g.quotaProject)
	}
	t.Setenv("GOOGLE_CLOUD_QUOTA_PROJECT", "from-environment")
	if g := must1(c.issue(t.Context()))(t); g.quotaProject != "from-environment" {
		t.Errorf("got quota project %q", g.quotaProject)
	}
}

// TestNothingIsReadFromTheWorkingDirectory: without a home there is no well-known file.
func TestNothingIsReadFromTheWorkingDirectory(t *testing.T) {
	for _, name := range []string{"CLOUDSDK_CONFIG", "HOME", "APPDATA", "USERPROFILE"} {
		t.Setenv(name, "")
	}
	if got := gcloudFile(); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestExecutableByOptIn(t *testing.T) {
	w := newWorld(t)
	federated := must1(w.cloud.FederatedFile(w.dir, workload, scanner))(t)
	subject := read(t, federated)["credential_source"].(map[string]any)["file"].(string)
	answer := must1(json.Marshal(map[string]any{
		"version": 1, "success": true, "token_type": "urn:ietf:params:oauth:token-type:jwt", "id_token": string(must1(os.ReadFile(subject))(t)),
	}))(t)
	output := w.write(t, "answer.json", string(answer))
	edit(t, federated, func(f map[string]any) {
		f["credential_source"] = map[string]any{"executable": map[string]any{"command": "/bin/cat " + output}}
	})
	t.Setenv("GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES", "1")
	token := must1(w.Token(t.Context(), w.target(t, "prod", "credentialsFile="+federated)))(t)
	if got := must1(w.cloud.VerifyToken(token.Value.Reveal()))(t); got != scanner {
		t.Errorf("the token is %s's", got)
	}
}
