namespace Aos.Skills.Tests;

/// <summary>Statements of <c>postgres_query</c> taken apart before they are sent.</summary>
[Trait("store", "none")]
public sealed class QueryTexts
{
    [Theory]
    [Trait("id", "F5.72-02")]
    [InlineData("select %(a)s", "select  $1 ", "a")]
    [InlineData("select @a, @b, @a", "select  $1 ,  $2 ,  $1 ", "a,b")]
    [InlineData("select $2, $1", "select  $1 ,  $2 ", "2,1")]
    [InlineData("select x%(a)s", "select x $1 ", "a")]
    [InlineData("select 10 %% %(a)s", "select 10 %  $1 ", "a")]
    [InlineData("select 10 %% 3", "select 10 %% 3", "")]
    [InlineData("select 10 %(3)", "select 10 %(3)", "")]
    [InlineData("select x @> @a, @x, x::int[1:2]", "select x @>  $1 , @x, x::int[1:2]", "a")]
    [InlineData("select '%(a)s @a $1', $$ @a $$, \"@a\" -- @a\n, @a /* $9 /* @b */ */", "select '%(a)s @a $1', $$ @a $$, \"@a\" -- @a\n,  $1  /* $9 /* @b */ */", "a")]
    [InlineData("select E'\\'@a', @a ;; -- end", "select E'\\'@a',  $1  ", "a")]
    [InlineData("select a$1, @a", "select a$1,  $1 ", "a")]
    public void Placeholders_are_numbered_where_the_server_would_see_them(string query, string sent, string names)
    {
        var known = names.Split(',', StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal);

        var (sql, problem) = SqlText.Read(query, known);

        Assert.Null(problem);
        Assert.Equal((sent, names), (sql!.Text, string.Join(',', sql.Names)));
    }

    [Theory]
    [Trait("id", "F5.72-03")]
    [InlineData("select %(a)s", "", "params", 8)]
    [InlineData("select $1", "a", "params", 8)]
    [InlineData("select 1", "a", "params", 1)]
    [InlineData("select 'a", "", "syntax", 8)]
    [InlineData("select 1 /* /* */", "", "syntax", 10)]
    [InlineData("select $x$ $y$", "", "syntax", 8)]
    [InlineData("select \"a\"\"", "", "syntax", 8)]
    [InlineData(" -- nothing", "", "syntax", 1)]
    [InlineData(" ; ", "", "syntax", 1)]
    public void What_cannot_be_read_is_told_with_its_place(string query, string names, string reason, int position)
    {
        var (_, problem) = SqlText.Read(query, names.Split(',', StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal));

        Assert.Equal(("INVALID_INPUT", reason, position), (problem!.Code, problem.Reason, problem.Position));
    }

    [Theory]
    [Trait("id", "F5.72-12")]
    [InlineData("select 'drop table items; delete from items'")]
    [InlineData("select $q$;commit;$q$, $$--$$, E'\\';commit', 'a'';commit'")]
    [InlineData("select 1 as \"update\", \"select\".created from (select 2 as created) as \"select\" -- ; drop")]
    [InlineData("/* ; /* drop */ ; */ select 1;")]
    [InlineData("(select 1) union (values (2)) order by 1 ; ;")]
    [InlineData("with x(a) as (select 1) table x")]
    [InlineData("select E'a'\n  -- so it goes on: \\'\n 'b\\'; commit; --'")]
    [InlineData("select updated_at, copy, call from grants")]
    [InlineData("explain (analyze, format json) (select 1)")]
    [InlineData("explain verbose update items set id = 1")]
    [InlineData("select pg_read_file from items")]
    public void Words_that_do_nothing_pass(string query) => Assert.Null(SqlText.Read(query, new HashSet<string>()).Problem);

    [Theory]
    [Trait("id", "F5.73-08")]
    [Trait("id", "F5.73-09")]
    [Trait("id", "F5.73-10")]
    [Trait("id", "F5.73-11")]
    [InlineData("select 1; select 2", 11)]
    [InlineData("select 1;; commit", 12)]
    [InlineData("select 1 -- \r; commit", 16)]
    [InlineData("select 1 /* */; /* */ commit", 23)]
    [InlineData("select $$a$$; commit; select $$$$", 15)]
    [InlineData("select $a$ $b$ $a$; commit --", 21)]
    [InlineData("select '\\'; commit; --'", 13)]
    [InlineData("select 'a'\n'\\'; commit; --'", 17)]
    [InlineData("select E'a' '\\'; commit; --'", 18)]
    [InlineData("select a$$; commit; select b$$", 13)]
    [InlineData("select \"a\"\"\"; commit; --\"", 15)]
    [InlineData("select U&'\\'; commit; --'", 15)]
    [InlineData("select 1 as \u00e9; commit", 16)]
    public void A_second_statement_is_found_behind_whatever_hides_it(string query, int position)
    {
        var (_, problem) = SqlText.Read(query, new HashSet<string>());

        Assert.Equal(("PERMISSION_DENIED", "several", position), (problem?.Code, problem?.Reason, problem?.Position));
    }

    [Theory]
    [Trait("id", "F5.73-32")]
    [InlineData("select 1<NUL>; drop table items")]
    [InlineData("select '<NUL>'")]
    [InlineData("select '<half>'")]
    [InlineData("select U&\"pg_\\0072ead_file\"('x')")]
    public void Tricks_with_characters_are_refused(string query) =>
        Assert.Equal(("INVALID_INPUT", "syntax"), Why(query.Replace("<NUL>", "\0", StringComparison.Ordinal).Replace("<half>", "\ud800", StringComparison.Ordinal)));

    [Theory]
    [Trait("id", "F5.73-16")]
    [InlineData("select pg_catalog . PG_READ_FILE /* so */ -- it\n ('x')")]
    [InlineData("select * from \"pg_read_file\"('x')")]
    [InlineData("select(pg_catalog.\"pg_ls_dir\" ('.'))")]
    [InlineData("select 1and pg_read_binary_file('x') is null")]
    public void A_function_is_known_however_it_is_spelled(string query) => Assert.Equal(("PERMISSION_DENIED", "function"), Why(query));

    private static (string? Code, string? Reason) Why(string query)
    {
        var (_, problem) = SqlText.Read(query, new HashSet<string>());
        return (problem?.Code, problem?.Reason);
    }
}
