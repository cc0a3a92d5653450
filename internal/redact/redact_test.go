package redact

import (
	"strings"
	"testing"
)

func TestString(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"nothing", "cluster prod was not found", "cluster prod was not found"},
		{"empty", "", ""},
		{"JWT", "got eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln, and more", "got [redacted], and more"},
		{"JWT without a signature", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.", "[redacted]"},
		{"EKS", "k8s-aws-v1.aHR0cHM6Ly9zdHM rest", "[redacted] rest"},
		{"Google", `{"t":"ya29.c.b0Aaek-x_y"}`, `{"t":"[redacted]"}`},
		{"bearer", "Authorization: Bearer abcdefgh1234", "Authorization: Bearer [redacted]"},
		{"bearer of the news", "the bearer of it", "the bearer of it"},
		{"presigned", "https://sts/?X-Amz-Credential=AKIA%2Fx&X-Amz-Date=1&X-Amz-Signature=0a0b", "https://sts/?X-Amz-Credential=[redacted]&X-Amz-Date=1&X-Amz-Signature=[redacted]"},
		{"form", "client_id=me&client_secret=s3cret&grant_type=x", "client_id=me&client_secret=[redacted]&grant_type=x"},
		{"JSON", `{"access_token": "opaque", "expires_in": 3}`, `{"access_token": "[redacted]", "expires_in": 3}`},
		{"token", `?token=opaque&x=1 {"token":"opaque"}`, `?token=[redacted]&x=1 {"token":"[redacted]"}`},
		{"prose", "getting a token: permission denied", "getting a token: permission denied"},
		{"PEM", "a -----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY----- b", "a [redacted] b"},
		{"PEM cut off", "-----BEGIN PRIVATE KEY-----\nMII", "[redacted]"},
		{"certificate", "-----BEGIN CERTIFICATE-----\nMII", "-----BEGIN CERTIFICATE-----\nMII"},
		{"two", "password=a password=b", "password=[redacted] password=[redacted]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := String(c.in)
			if got != c.want {
				t.Errorf("got %q\nwant %q", got, c.want)
			}
			if again := String(got); again != got {
				t.Errorf("again: %q", again)
			}
		})
	}
}

func TestValue(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"token", "opaque", mark},
		{"clientSecret", "opaque", mark},
		{"DB_PASSWORD", "two words", mark},
		{"apiKey", "opaque", mark},
		{"aws_secret_access_key", "opaque", mark},
		{"credentials", "opaque", mark},
		{"password", "", ""},
		{"tokenExpiry", "12:00", "12:00"},
		{"secretName", "prod-tls", "prod-tls"},
		{"key", "a", "a"},
		{"error", "Bearer abcdefgh1234", "Bearer [redacted]"},
	} {
		if got := Value(c.name, c.value); got != c.want {
			t.Errorf("%s=%s shows as %q, want %q", c.name, c.value, got, c.want)
		}
	}
}

// Whatever surrounds a token, it does not come through, and text that was redacted stays as it is.
func FuzzString(f *testing.F) {
	f.Add("before ", " after")
	f.Add("Bearer ", "\n")
	f.Add("-----BEGIN PRIVATE KEY-----", "")
	f.Add(`{"password":"`, `"}`)
	const token = "k8s-aws-v1.aHR0cHM6Ly9zdHMuYW1hem9uYXdzLmNvbQ"
	f.Fuzz(func(t *testing.T, before, after string) {
		if got := String(before + token + after); strings.Contains(got, token) {
			t.Errorf("it comes through: %q", got)
		}
	})
}

func TestShapes(t *testing.T) {
	key := "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKE1"
	for _, c := range []struct{ in, want string }{
		{"AKIA" + "IOSFODNN7EXAMPLE", "<aws-key-id>"},
		{"AROA" + "IOSFODNN7EXAMPLE:session", "AROA" + "IOSFODNN7EXAMPLE:session"}, // a role's ID, and no secret
		{"key=" + key + ", and", "key=<aws-secret-key>, and"},
		{"https://app:" + "hunter2@db/app", "<url-with-password>db/app"},
		{"https://db/app", "https://db/app"},
		{"sk-proj-" + "abcdefghijklmnopqrstuvwx", "<token>"},
		{"sk-learn-training-job-x2k1z", "sk-learn-training-job-x2k1z"},
		{"registry.example/app@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "registry.example/app@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
		{"/apis/admissionregistration/Webhooks/paths", "/apis/admissionregistration/Webhooks/paths"},
	} {
		if got := Shapes(c.in, func(kind string) string { return "<" + kind + ">" }); got != c.want {
			t.Errorf("%q becomes %q, want %q", c.in, got, c.want)
		}
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"use Zm9vYmFyQmF6UXV4MTIzNDU2Nzg5MEFiQ2RF now", "use … now"},
		{"UseContainerSupportWithG1GC", "UseContainerSupportWithG1GC"},
		{"kube-prometheus-stack-58.2.1 5d8f9c7b6d00aa11bb22cc33", "kube-prometheus-stack-58.2.1 5d8f9c7b6d00aa11bb22cc33"},
	} {
		if got := Words(c.in, func() string { return "…" }); got != c.want {
			t.Errorf("%q becomes %q, want %q", c.in, got, c.want)
		}
	}
}

func TestQuoted(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`parsing time "hunter2" as "2006"`, `parsing time "…" as "…"`},
		{"cannot unmarshal !!str `hunter2` into int", "cannot unmarshal !!str `…` into int"},
		{"unknown anchor 'hunter2' referenced", "unknown anchor '…' referenced"},
		{`Invalid value: "a \"hunter2\" b": no`, `Invalid value: "…": no`},
		{"could not find expected ':'", "could not find expected ':'"},
		{`mapping key "hostPID" already defined`, `mapping key "hostPID" already defined`},
	} {
		if got := Quoted(c.in); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// Whatever the text, what looks like a credential is gone when it has been looked for, and nothing breaks.
func FuzzShapes(f *testing.F) {
	for _, seed := range []string{"", "AKIA", "-----BEGIN RSA PRIVATE KEY-----", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0", "a://b:c@d", "sk-ant-api-", "mapping key \"a\" \"b\\\"c\"", "\xff`ab"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := Shapes(s, func(string) string { return "<>" })
		if strings.Contains(once, "PRIVATE KEY-----") && strings.Contains(s, "-----BEGIN PRIVATE KEY-----") && strings.Contains(once, "-----BEGIN PRIVATE KEY-----") {
			t.Errorf("%q keeps a key: %q", s, once)
		}
		key := "ghp_" + "abcdefghijklmnopqrstuvwxyz0123456789"
		for _, text := range []string{s + " " + key, key + "\n" + s} {
			if got := Quoted(text); strings.Contains(got, key) {
				t.Errorf("%q keeps the token: %q", text, got)
			}
		}
		Words(s, func() string { return "" })
	})
}
