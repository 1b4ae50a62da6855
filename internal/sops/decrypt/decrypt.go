// Package decrypt decrypts SOPS files. It is the only importer of SOPS, and part
// of the program homelab-sops only: see package sops.
package decrypt

import (
	"errors"
	"maps"
	"slices"
	"time"

	upstream "github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"
	"github.com/getsops/sops/v3/cmd/sops/common"
	"github.com/getsops/sops/v3/cmd/sops/formats"
	"github.com/getsops/sops/v3/config"
	"github.com/getsops/sops/v3/keyservice"
	"github.com/sirupsen/logrus"

	"github.com/getsops/sops/v3/logging"

	"github.com/homelab-iac/terraform-provider-homelab/internal/sops"
)

// File decrypts a file with the keys that SOPS finds in the environment, as its
// own command does: files, agents and key services. The order of what follows is
// SOPS's, too (decrypt/decrypt.go, DataWithFormat).
func File(request sops.Request) sops.Answer {
	logging.SetLevel(logrus.PanicLevel) // the library logs comments that it takes for unencrypted
	store := common.StoreForFormat(formats.FormatFromString(string(request.Format)), config.NewStoresConfig())
	tree, err := store.LoadEncryptedFile(request.File)
	if err != nil {
		return unreadable(err)
	}
	if failure := unlock(&tree); failure != nil {
		failure.Names = names(&tree, request.Format)
		return sops.Answer{Failure: failure}
	}
	if failure := open(&tree); failure != nil {
		return sops.Answer{Failure: failure}
	}
	raw, err := store.EmitPlainFile(tree.Branches)
	if err != nil {
		return failed(sops.Unparsable, "what it decrypts to cannot be written in its format")
	}
	answer := sops.Answer{Raw: raw}
	if hasValues(&tree, request.Format) {
		if answer.Values, err = flatten(tree.Branches[0], request.Format == sops.INI); err != nil {
			return failed(sops.Ambiguous, err.Error())
		}
	}
	return answer
}

// hasValues reports whether a file is more than one text.
func hasValues(tree *upstream.Tree, format sops.Format) bool {
	return format != sops.Binary && len(tree.Branches) == 1
}

// names lists the keys of a file that is not decrypted.
func names(tree *upstream.Tree, format sops.Format) []string {
	if !hasValues(tree, format) {
		return nil
	}
	values, err := flatten(tree.Branches[0], format == sops.INI)
	if err != nil {
		return nil // a run with the key reports it
	}
	return slices.Sorted(maps.Keys(values))
}

func failed(kind sops.Kind, reason string) sops.Answer {
	return sops.Answer{Failure: &sops.Failure{Kind: kind, Reason: reason}}
}

// unreadable leaves the parser's message out: it quotes the file, which may be
// full of secrets that nobody encrypted.
func unreadable(err error) sops.Answer {
	if errors.Is(err, upstream.MetadataNotFound) {
		return failed(sops.NotSOPS, "")
	}
	return failed(sops.Unparsable, "")
}

// unlock finds the key that the file's values are encrypted with.
func unlock(tree *upstream.Tree) *sops.Failure {
	tried := &attempts{local: keyservice.NewLocalClient(), failures: map[string]error{}}
	_, err := tree.Metadata.GetDataKeyWithKeyServices([]keyservice.KeyServiceClient{tried}, nil)
	if err == nil {
		return nil
	}
	failure := &sops.Failure{Kind: sops.NoKey, Recipients: tried.recipients(tree.Metadata.KeyGroups)}
	if len(tree.Metadata.KeyGroups) > 1 {
		failure.Needed = tree.Metadata.ShamirThreshold
	}
	return failure
}

// open decrypts the values and checks that they are as SOPS wrote them.
func open(tree *upstream.Tree) *sops.Failure {
	cipher := aes.NewCipher()
	key := tree.Metadata.DataKey
	mac, err := tree.Decrypt(key, cipher)
	if err != nil {
		return &sops.Failure{Kind: sops.Tampered, Reason: "a value does not decrypt"}
	}
	written, err := cipher.Decrypt(tree.Metadata.MessageAuthenticationCode, key, tree.Metadata.LastModified.Format(time.RFC3339))
	if err != nil {
		return &sops.Failure{Kind: sops.Tampered, Reason: "its MAC does not decrypt"}
	}
	if written != mac {
		return &sops.Failure{Kind: sops.Tampered, Reason: "its MAC does not match its content"}
	}
	return nil
}
