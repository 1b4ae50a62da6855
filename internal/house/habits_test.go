package house_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// localFiles finds files of a configuration that are opened without a look at what
// they are.
func localFiles(files []file) []string {
	var offences []string
	for _, f := range inProvider(files) {
		for _, name := range []string{"Open", "ReadFile"} {
			if line, used := f.uses[selection{"os", name}]; used {
				offences = append(offences, fmt.Sprintf("%s:%d uses os.%s", f.path, line, name))
			}
		}
	}
	return offences
}

// evaluationOrder finds a variable that is returned beside a call that changes it: a
// wait for goroutines, or a call that gets its address.
func evaluationOrder(files []file) []string {
	var offences []string
	for _, f := range shipped(files) {
		ast.Inspect(f.tree, func(node ast.Node) bool {
			list, ok := node.(*ast.ReturnStmt)
			if !ok {
				return true
			}
			returned := map[string]bool{}
			for _, result := range list.Results {
				if ident, ok := result.(*ast.Ident); ok && ident.Name != "nil" && ident.Name != "true" && ident.Name != "false" {
					returned[ident.Name] = true
				}
			}
			for _, result := range list.Results {
				if call, ok := result.(*ast.CallExpr); ok && len(returned) > 0 && (calls(call, "Wait") || takesAddress(call, returned)) {
					offences = append(offences, f.at(list)+" returns a variable beside a call that may change it")
				}
			}
			return true
		})
	}
	return offences
}

func calls(call *ast.CallExpr, method string) bool {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	return ok && selector.Sel.Name == method
}

func takesAddress(call *ast.CallExpr, of map[string]bool) bool {
	return slices.ContainsFunc(call.Args, func(arg ast.Expr) bool {
		unary, ok := arg.(*ast.UnaryExpr)
		if !ok || unary.Op != token.AND {
			return false
		}
		ident, ok := unary.X.(*ast.Ident)
		return ok && of[ident.Name]
	})
}

// endless finds contexts that neither the run nor a deadline ends.
func endless(files []file) []string {
	var offences []string
	for _, f := range inProvider(files) {
		bounded := map[ast.Node]bool{}
		ast.Inspect(f.tree, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.CallExpr:
				if (calls(node, "WithTimeout") || calls(node, "WithDeadline")) && len(node.Args) > 0 {
					bounded[node.Args[0]] = true
				}
				if calls(node, "WithoutCancel") && !bounded[node] {
					offences = append(offences, f.at(node)+" uses context.WithoutCancel without a deadline")
				}
			case *ast.AssignStmt:
				if name, ok := node.Lhs[0].(*ast.Ident); ok && name.Name == "shared" {
					bounded[node.Rhs[0]] = true
				}
			}
			return true
		})
	}
	return offences
}

// endlessPrograms finds functions that run a program and set no wait delay.
func endlessPrograms(files []file) []string {
	var offences []string
	for _, f := range inProvider(files) {
		for _, decl := range f.tree.Decls {
			runs, delays := false, false
			ast.Inspect(decl, func(node ast.Node) bool {
				if selector, ok := node.(*ast.SelectorExpr); ok {
					pkg, _ := selector.X.(*ast.Ident)
					runs = runs || pkg != nil && pkg.Name == "exec" && strings.HasPrefix(selector.Sel.Name, "Command")
					delays = delays || selector.Sel.Name == "WaitDelay"
				}
				return true
			})
			if runs && !delays {
				offences = append(offences, f.at(decl)+" runs a program without a WaitDelay")
			}
		}
	}
	return offences
}

// inProvider are the files that the provider's program is made of.
func inProvider(files []file) []file {
	return slices.DeleteFunc(shipped(files), func(f file) bool {
		return f.layer() == "" || f.layer() != "provider" && slices.Contains(exempt, f.layer())
	})
}
