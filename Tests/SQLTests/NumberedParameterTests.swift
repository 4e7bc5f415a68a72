import Testing

@testable import SQL

@Suite("parameters of a statement for PostgreSQL")
struct NumberedParameterTests {
    @Test(
        "are numbered by their names; what only looks like one stays",
        arguments: [
            ("SELECT :a", "SELECT $1", ["a"]),
            ("SELECT :a, :b, :a", "SELECT $1, $2, $1", ["a", "b"]),
            ("SELECT :room_id2=:_x", "SELECT $1=$2", ["room_id2", "_x"]),
            ("SELECT :é", "SELECT $1", ["é"]),
            ("SELECT ':a', 'it''s :b', :c", "SELECT ':a', 'it''s :b', $1", ["c"]),
            (#"SELECT 'a\', :b"#, #"SELECT 'a\', $1"#, ["b"]),
            (#"SELECT E'a\':b', :c"#, #"SELECT E'a\':b', $1"#, ["c"]),
            (#"SELECT e'a''\':b', :c"#, #"SELECT e'a''\':b', $1"#, ["c"]),
            (#"SELECT type'a\', :b"#, #"SELECT type'a\', $1"#, ["b"]),
            (#"SELECT ":a", "x"":b", :c"#, #"SELECT ":a", "x"":b", $1"#, ["c"]),
            ("SELECT 1 -- :a\n, :b", "SELECT 1 -- :a\n, $1", ["b"]),
            ("SELECT /* :a /* :b */ :c */ :d", "SELECT /* :a /* :b */ :c */ $1", ["d"]),
            ("SELECT :a::bigint, b::text", "SELECT $1::bigint, b::text", ["a"]),
            ("SELECT $$ :a $$, :b", "SELECT $$ :a $$, $1", ["b"]),
            ("SELECT $x$ :a $$ $y$ $x$, :b", "SELECT $x$ :a $$ $y$ $x$, $1", ["b"]),
            ("SELECT a$b$, :c, a$b$", "SELECT a$b$, $1, a$b$", ["c"]),
            ("SELECT a[1:2], x := :b", "SELECT a[1:2], x := $1", ["b"]),
            ("SELECT 1 - :a - 2 / :b", "SELECT 1 - $1 - 2 / $2", ["a", "b"]),
            ("SELECT 'unfinished :a", "SELECT 'unfinished :a", []), ("SELECT /* :a", "SELECT /* :a", []),
            ("SELECT $x$ :a", "SELECT $x$ :a", []), ("SELECT :", "SELECT :", []), (":", ":", []), ("", "", []),
        ] as [(String, String, [String])]
    )
    func numbered(text: String, sql: String, names: [String]) {
        let parameters = NumberedParameters(text)
        #expect(parameters.sql == sql)
        #expect(parameters.names == names)
    }
}
