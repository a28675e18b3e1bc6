package handshake_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket/handshake"
)

func TestParseExtensions(t *testing.T) {
	t.Parallel()
	type (
		exts   = []handshake.Extension
		params = []handshake.Param
	)
	many := make(params, 16)
	for i := range many {
		many[i].Name = "b"
	}
	tests := []struct {
		name  string
		lines []string
		want  exts
		err   string
	}{
		{"9.1_none", nil, nil, ""},
		{"9.1_one", []string{"a"}, exts{{Name: "a"}}, ""},
		{"9.1_list", []string{"a, b"}, exts{{Name: "a"}, {Name: "b"}}, ""},
		{"9.1_same_twice", []string{"a;b, a"}, exts{{"a", params{{"b", ""}}}, {Name: "a"}}, ""},
		{"9.1_lines", []string{"a", "b;c=d,e"}, exts{{Name: "a"}, {"b", params{{"c", "d"}}}, {Name: "e"}}, ""},
		{"9.1_parameters", []string{"foo; bar; baz=2"}, exts{{"foo", params{{"bar", ""}, {"baz", "2"}}}}, ""},
		{"9.1_quoted", []string{`a;b="10"`}, exts{{"a", params{{"b", "10"}}}}, ""},
		{"9.1_quoted_escapes", []string{`a;b="1\0"; c="\d" , e`}, exts{{"a", params{{"b", "10"}, {"c", "d"}}}, {Name: "e"}}, ""},
		{"9.1_white_space", []string{" \ta\t ; b = c ;\td = \"e\" ,f "}, exts{{"a", params{{"b", "c"}, {"d", "e"}}}, {Name: "f"}}, ""},
		{"9.1_case_kept", []string{"A;B=C"}, exts{{"A", params{{"B", "C"}}}}, ""},
		{"7692.7_deflate", []string{"permessage-deflate; client_max_window_bits; server_max_window_bits=10, permessage-deflate"}, exts{
			{"permessage-deflate", params{{"client_max_window_bits", ""}, {"server_max_window_bits", "10"}}}, {Name: "permessage-deflate"}}, ""},
		{"H9_constructor", []string{"constructor;__proto__=toString"}, exts{{"constructor", params{{"__proto__", "toString"}}}}, ""},
		{"H9_16_parameters", []string{"a" + strings.Repeat(";b", 16)}, exts{{"a", many}}, ""},

		{"empty_header", []string{""}, nil, ""},
		{"empty_line", []string{"a", " "}, exts{{Name: "a"}}, ""},
		{"empty_first", []string{",a"}, exts{{Name: "a"}}, ""},
		{"empty_element", []string{"a,,b"}, exts{{Name: "a"}, {Name: "b"}}, ""},
		{"empty_elements_with_spaces", []string{" , a;b ,\t, c , "}, exts{{"a", params{{"b", ""}}}, {Name: "c"}}, ""},
		{"empty_last", []string{"a, "}, exts{{Name: "a"}}, ""},
		{"empty_64", []string{"a" + strings.Repeat(",", 32), strings.Repeat(",", 32) + "a"}, exts{{Name: "a"}, {Name: "a"}}, ""},
		{"empty_too_many", []string{strings.Repeat(",", 64) + ","}, nil, "more than 64 elements are empty"},
		{"empty_lines_too_many", make([]string, 65), nil, "more than 64 elements are empty"},
		{"H9_,;x", []string{",;x"}, nil, "the name of an extension is missing"},
		{"H9_no_parameter", []string{"a;"}, nil, "the name of a parameter is missing"},
		{"H9_no_parameter_between", []string{"a;;b"}, nil, "the name of a parameter is missing"},
		{"H9_no_value", []string{"a;b="}, nil, "the value of a parameter is missing"},
		{"H9_no_value_before_comma", []string{"a;b=,c"}, nil, "the value of a parameter is missing"},
		{"H9_two_words", []string{"a b"}, nil, `"b" where a comma is expected`},
		{"H9_value_of_extension", []string{"a=b"}, nil, `"=b" where a comma is expected`},
		{"H9_two_values", []string{"a;b=c=d"}, nil, `"=d" where a comma is expected`},
		{"H9_behind_quotes", []string{`a;b="c"d`}, nil, `"d" where a comma is expected`},
		{"H9_quoted_name", []string{`"a"`}, nil, "the name of an extension is missing"},
		{"H9_not_ASCII", []string{"ä"}, nil, "the name of an extension is missing"},
		{"H9_control_byte", []string{"a\x00"}, nil, `"\x00" where a comma is expected`},
		{"H9_quoted_semicolon", []string{`a;b=";"`}, nil, "a value in quotes is not a token"},
		{"H9_quoted_nothing", []string{`a;b=""`}, nil, "a value in quotes is not a token"},
		{"H9_quoted_space", []string{`a;b="c d"`}, nil, "a value in quotes is not a token"},
		{"H9_quoted_quote", []string{`a;b="c\"d"`}, nil, "a value in quotes is not a token"},
		{"H9_quoted_space_and_more_wrong", []string{`a;b="c d";`}, nil, "the name of a parameter is missing"},
		{"H9_unbalanced", []string{`a;b="c`}, nil, "quotes are not closed"},
		{"H9_unbalanced_over_lines", []string{`a;b="c`, `d"`}, nil, "quotes are not closed"},
		{"H9_quote_alone", []string{`a;b="`}, nil, "quotes are not closed"},
		{"H9_backslash_last", []string{`a;b="\`}, nil, "quotes are not closed"},
		{"H9_17_parameters", []string{"a" + strings.Repeat(";b", 17)}, nil, `extension "a" has more than 16 parameters`},
		{"H9_64_extensions", []string{strings.TrimSuffix(strings.Repeat("a,", 64), ",")}, slices.Repeat(exts{{Name: "a"}}, 64), ""},
		{"H9_65_extensions", []string{strings.Repeat("a,", 64) + "a"}, nil, "more than 64 extensions"},
		{"H9_65_lines", strings.Split(strings.Repeat("a,", 64)+"a", ","), nil, "more than 64 extensions"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := handshake.ParseExtensions(test.lines)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("got error %v, want %s", err, test.err)
				}
			} else if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error("-want +got\n" + diff)
			}
			if err != nil || got == nil {
				return
			}
			again, err := handshake.ParseExtensions([]string{handshake.FormatExtensions(got)})
			if diff := cmp.Diff(got, again); err != nil || diff != "" {
				t.Errorf("formatted and parsed again: %v\n%s", err, diff)
			}
		})
	}
}

func TestFormatExtensions_9_1(t *testing.T) {
	t.Parallel()
	if got := handshake.FormatExtensions(nil); got != "" {
		t.Errorf("got %q of nothing", got)
	}
	got := handshake.FormatExtensions([]handshake.Extension{{"a", []handshake.Param{{"b", ""}, {"c", "d"}}}, {Name: "e"}})
	if want := "a; b; c=d, e"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSelectProtocol(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name               string
		offered, supported []string
		want               string
	}{
		{"4.2.2_none_offered", nil, []string{"a"}, ""},
		{"4.2.2_none_supported", []string{"a"}, nil, ""},
		{"4.2.2_none_in_common", []string{"a"}, []string{"b"}, ""},
		{"4.2.2_first_of_the_client", []string{"x", "b", "a"}, []string{"a", "b"}, "b"},
		{"4.2.2_any", []string{"x", "y"}, []string{"a", "*"}, "x"},
		{"4.2.2_any_of_none", nil, []string{"*"}, ""},
		{"4.2.2_case_counts", []string{"A", "a"}, []string{"a"}, "a"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := handshake.SelectProtocol(test.offered, test.supported); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
