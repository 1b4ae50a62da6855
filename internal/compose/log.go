package compose

import (
	"io"

	"github.com/sirupsen/logrus"
)

// compose-go notes in logrus's process-wide log which variables are not set. In an
// unquoted PASSWORD=pa$word such a variable is a part of the secret, and Terraform
// keeps what a provider logs.
func init() { logrus.SetOutput(io.Discard) } //nolint:gochecknoinits // the log is the process's, and any load may write to it
