package aws

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// serveSTS answers the query API. https://docs.aws.amazon.com/STS/latest/APIReference/
func (c *Cloud) serveSTS() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, s, err := c.authenticate(r, "sts")
		if err == nil {
			err = checkHost(r.Host, s.region)
		}
		if err != nil {
			stsError(w, r, http.StatusForbidden, stsCode(err), err.Error())
			return
		}
		switch err := r.ParseForm(); {
		case err != nil:
			stsError(w, r, http.StatusBadRequest, "MalformedQueryString", "the request cannot be read")
		case r.Form.Get("Action") == "GetCallerIdentity":
			stsAnswer(w, r, callerIdentity{Arn: caller.caller, UserID: caller.userID, Account: caller.account()})
		case r.Form.Get("Action") == "AssumeRole":
			c.assumeRole(w, r, caller)
		default:
			stsError(w, r, http.StatusBadRequest, "InvalidAction", "could not find operation "+r.Form.Get("Action")+" for version 2011-06-15")
		}
	})
}

// checkHost refuses a request to a regional host that is signed for another region.
func checkHost(host, region string) error {
	if strings.HasPrefix(host, "sts.") && host != "sts.amazonaws.com" && host != stsHost(region) {
		return fmt.Errorf("%w: credential should be scoped to a valid region", errSignature)
	}
	return nil
}

func (c *Cloud) assumeRole(w http.ResponseWriter, r *http.Request, caller credential) {
	form := r.Form
	lifetime := time.Hour
	if s := form.Get("DurationSeconds"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 900 || n > 43200 {
			stsError(w, r, http.StatusBadRequest, "ValidationError", "1 validation error detected: Value at 'durationSeconds' failed to satisfy constraint: Member must have value between 900 and 43200")
			return
		}
		lifetime = time.Duration(n) * time.Second
	}
	if form.Get("RoleSessionName") == "" {
		stsError(w, r, http.StatusBadRequest, "ValidationError", "1 validation error detected: Value at 'roleSessionName' failed to satisfy constraint: Member must not be null")
		return
	}
	if caller.session != "" && lifetime > time.Hour {
		stsError(w, r, http.StatusBadRequest, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
		return
	}
	role, ok := c.role(form.Get("RoleArn"))
	if !ok || !slices.Contains(role.Trusts, caller.principal) || role.ExternalID != "" && role.ExternalID != form.Get("ExternalId") {
		stsError(w, r, http.StatusForbidden, "AccessDenied", fmt.Sprintf("User: %s is not authorized to perform: sts:AssumeRole on resource: %s", caller.caller, form.Get("RoleArn")))
		return
	}
	id, key := c.newSession(role, form.Get("RoleSessionName"), lifetime)
	stsAnswer(w, r, assumedRole{
		AssumedRoleUser: assumedRoleUser{Arn: key.caller, AssumedRoleID: key.userID},
		Credentials: sessionCredentials{
			AccessKeyID: id, SecretAccessKey: key.secret, SessionToken: key.session, Expiration: key.expires.Format(time.RFC3339),
		},
	})
}

// VerifyToken returns the ARN of the identity that a token of an EKS cluster stands for. It checks what the control
// plane checks (sigs.k8s.io/aws-iam-authenticator) and then what STS does; and it is stricter in one thing: the cluster's
// name must be signed with the host, and nothing else, because SDKs that signed more have broken tokens.
func (c *Cloud) VerifyToken(token, cluster string) (arn string, err error) {
	const prefix, largest = "k8s-aws-v1.", 4096
	encoded, ok := strings.CutPrefix(token, prefix)
	if !ok || len(token) > largest {
		return "", fmt.Errorf("the token does not begin with %s, or is longer than %d bytes", prefix, largest)
	}
	decoded, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return "", errors.New("the token is not base64url without padding")
	}
	u, err := url.Parse(string(decoded))
	if err != nil {
		return "", errors.New("the token holds no URL")
	}
	query := u.Query()
	expires, err := strconv.Atoi(query.Get("X-Amz-Expires"))
	switch {
	case u.Scheme != "https" || u.Path != "/" || u.User != nil || u.Fragment != "":
		return "", errors.New("the token's URL has an unexpected scheme or path")
	case query.Get("Action") != "GetCallerIdentity":
		return "", errors.New("the token is no request for the caller's identity")
	case err != nil || expires <= 0 || expires > 60:
		return "", errors.New("the token's X-Amz-Expires is not within 60 seconds")
	case query.Get("X-Amz-SignedHeaders") != "host;x-k8s-aws-id":
		return "", errors.New("the token does not sign exactly host and x-k8s-aws-id")
	}
	for name := range query {
		if !slices.Contains(tokenParameters, strings.ToLower(name)) {
			return "", fmt.Errorf("the token has the unexpected parameter %q", name)
		}
	}
	request := &http.Request{Method: http.MethodGet, URL: u, Host: u.Host, Header: http.Header{"X-K8s-Aws-Id": {cluster}}}
	caller, s, err := c.authenticate(request, "sts")
	if err != nil {
		return "", err
	}
	if u.Host != stsHost(s.region) && u.Host != "sts.amazonaws.com" {
		return "", errors.New("the token's host is not that of STS in its region")
	}
	return caller.caller, nil
}

var tokenParameters = []string{
	"action", "version", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires", "x-amz-security-token",
	"x-amz-signature", "x-amz-signedheaders",
}

const stsNamespace = "https://sts.amazonaws.com/doc/2011-06-15/"

type callerIdentity struct {
	Account string
	Arn     string
	UserID  string `xml:"UserId" json:"UserId"`
}

type assumedRole struct {
	AssumedRoleUser assumedRoleUser
	Credentials     sessionCredentials
}

type assumedRoleUser struct {
	Arn           string
	AssumedRoleID string `xml:"AssumedRoleId" json:"AssumedRoleId"`
}

type sessionCredentials struct {
	AccessKeyID     string `xml:"AccessKeyId" json:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      string
}

type responseMetadata struct {
	RequestID string `xml:"RequestId" json:"RequestId"`
}

// stsAnswer writes the result of the request's action: in XML, or in JSON for those who ask for it, as the control plane
// does.
func stsAnswer(w http.ResponseWriter, r *http.Request, result any) {
	action, meta := r.Form.Get("Action"), responseMetadata{random(16)}
	if wantsJSON(r) {
		writeJSON(w, http.StatusOK, map[string]any{action + "Response": map[string]any{action + "Result": result, "ResponseMetadata": meta}})
		return
	}
	writeXML(w, http.StatusOK, action+"Response", func(e *xml.Encoder) error {
		return errors.Join(
			e.EncodeElement(result, xml.StartElement{Name: xml.Name{Local: action + "Result"}}),
			e.EncodeElement(meta, xml.StartElement{Name: xml.Name{Local: "ResponseMetadata"}}))
	})
}

func stsCode(err error) string {
	switch {
	case errors.Is(err, errMissing):
		return "MissingAuthenticationToken"
	case errors.Is(err, errExpired):
		return "ExpiredToken"
	case errors.Is(err, errSignature):
		return "SignatureDoesNotMatch"
	}
	return "InvalidClientTokenId"
}

func stsError(w http.ResponseWriter, r *http.Request, status int, code, message string) {
	type failure struct{ Type, Code, Message string }
	f, id := failure{"Sender", code, message}, random(16)
	if wantsJSON(r) {
		writeJSON(w, status, map[string]any{"Error": f, "RequestId": id})
		return
	}
	writeXML(w, status, "ErrorResponse", func(e *xml.Encoder) error {
		return errors.Join(
			e.EncodeElement(f, xml.StartElement{Name: xml.Name{Local: "Error"}}),
			e.EncodeElement(id, xml.StartElement{Name: xml.Name{Local: "RequestId"}}))
	})
}

func wantsJSON(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "application/json")
}

func writeXML(w http.ResponseWriter, status int, root string, content func(*xml.Encoder) error) {
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	start := xml.StartElement{Name: xml.Name{Local: root}, Attr: []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: stsNamespace}}}
	e := xml.NewEncoder(w)
	_ = errors.Join(e.EncodeToken(start), content(e), e.EncodeToken(start.End()), e.Close())
}
