package aws

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	dateLayout = "20060102T150405Z"
	// maxSkew is how old or how far ahead a signature may be.
	maxSkew = 15 * time.Minute
)

// Why AWS does not know a caller. Each service has its own codes for them.
var (
	errMissing   = errors.New("request is missing Authentication Token")
	errUnknown   = errors.New("the security token included in the request is invalid")
	errExpired   = errors.New("the security token included in the request is expired")
	errSignature = errors.New("the request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details")
)

// signature is what a request says of its own signature, in the Authorization header or in the query.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
type signature struct {
	keyID, day, region, service string
	date                        string
	headers                     []string
	session                     string
	value                       string
}

// authenticate returns whom a request to the service is from, and the region it is signed for. It reads the body and
// puts it back.
func (c *Cloud) authenticate(r *http.Request, service string) (credential, signature, error) {
	s, err := readSignature(r)
	if err != nil {
		return credential{}, s, err
	}
	date, err := time.Parse(dateLayout, s.date)
	if err != nil || s.day != s.date[:8] {
		return credential{}, s, fmt.Errorf("%w: the date is not that of the credential scope", errSignature)
	}
	if age := c.now().Sub(date); age > maxSkew || age < -maxSkew {
		return credential{}, s, fmt.Errorf("%w: Signature expired: %s is not within 15 min. of %s", errSignature, s.date, c.now().UTC().Format(dateLayout))
	}
	if s.service != service {
		return credential{}, s, fmt.Errorf("%w: credential should be scoped to correct service: '%s'", errSignature, service)
	}
	key, ok := c.key(s.keyID)
	if !ok || subtle.ConstantTimeCompare([]byte(key.session), []byte(s.session)) != 1 {
		return credential{}, s, errUnknown
	}
	if !key.expires.IsZero() && !c.now().Before(key.expires) {
		return credential{}, s, errExpired
	}
	want, err := s.compute(r, key.secret)
	if err != nil {
		return credential{}, s, err
	}
	if !hmac.Equal([]byte(want), []byte(s.value)) {
		return credential{}, s, errSignature
	}
	return key, s, nil
}

func readSignature(r *http.Request) (s signature, err error) {
	query := r.URL.Query()
	var scope, headers, alg string
	if header := r.Header.Get("Authorization"); header != "" {
		var fields string
		alg, fields, _ = strings.Cut(header, " ")
		for field := range strings.SplitSeq(fields, ",") {
			switch k, v, _ := strings.Cut(strings.TrimSpace(field), "="); k {
			case "Credential":
				scope = v
			case "SignedHeaders":
				headers = v
			case "Signature":
				s.value = v
			}
		}
		s.date, s.session = r.Header.Get("X-Amz-Date"), r.Header.Get("X-Amz-Security-Token")
	} else {
		for name, values := range query {
			if len(values) != 1 {
				return s, fmt.Errorf("%w: query parameter %s is repeated", errSignature, name)
			}
		}
		alg, scope, headers = query.Get("X-Amz-Algorithm"), query.Get("X-Amz-Credential"), query.Get("X-Amz-SignedHeaders")
		s.date, s.session, s.value = query.Get("X-Amz-Date"), query.Get("X-Amz-Security-Token"), query.Get("X-Amz-Signature")
	}
	if alg == "" || s.value == "" {
		return s, errMissing
	}
	parts := strings.Split(scope, "/")
	if alg != algorithm || len(parts) != 5 || parts[4] != "aws4_request" {
		return s, fmt.Errorf("%w: the algorithm or the credential scope is malformed", errSignature)
	}
	s.keyID, s.day, s.region, s.service = parts[0], parts[1], parts[2], parts[3]
	s.headers = strings.Split(headers, ";")
	return s, nil
}

// compute returns the signature that the request should have.
func (s signature) compute(r *http.Request, secret string) (string, error) {
	if !slices.IsSorted(s.headers) || !slices.Contains(s.headers, "host") {
		return "", fmt.Errorf("%w: 'host' must be a signed header", errSignature)
	}
	for name := range r.Header {
		if n := strings.ToLower(name); strings.HasPrefix(n, "x-amz-") && !slices.Contains(s.headers, n) {
			return "", fmt.Errorf("%w: '%s' must be a signed header", errSignature, n)
		}
	}
	var headers strings.Builder
	for _, name := range s.headers {
		value := strings.Join(r.Header.Values(name), ",")
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = strconv.FormatInt(r.ContentLength, 10)
		}
		headers.WriteString(name + ":" + strings.Join(strings.Fields(value), " ") + "\n")
	}
	body, err := readBody(r)
	if err != nil {
		return "", err
	}
	query := r.URL.Query()
	query.Del("X-Amz-Signature")
	canonical := strings.Join([]string{
		r.Method,
		strings.ReplaceAll(cmp.Or(r.URL.EscapedPath(), "/"), "%", "%25"), // escaped twice by all services but S3
		strings.ReplaceAll(query.Encode(), "+", "%20"),
		headers.String(),
		strings.Join(s.headers, ";"),
		hexSHA256(body),
	}, "\n")
	key := []byte("AWS4" + secret)
	for _, part := range []string{s.day, s.region, s.service, "aws4_request"} {
		key = mac(key, part)
	}
	scope := strings.Join([]string{s.day, s.region, s.service, "aws4_request"}, "/")
	return hex.EncodeToString(mac(key, strings.Join([]string{algorithm, s.date, scope, hexSHA256([]byte(canonical))}, "\n"))), nil
}

func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	const largest = 1 << 20
	body, err := io.ReadAll(io.LimitReader(r.Body, largest))
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body, err
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func hexSHA256(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
