using Aos.Storage;
using Npgsql;

namespace Aos.Integration.Tests.Storage;

[Trait("store", "none")]
public sealed class DatabaseUrls
{
    [Fact]
    public void One_url_says_it_all()
    {
        var read = PostgresUrl.Read(" postgresql://us%40er:p%3A%2F%3F%23%5B%5D%40%25w@db.example:6432/a%20b?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem&connect_timeout=9&pool_size=33&application_name=x%26y ");

        Assert.Equal(("us@er", "p:/?#[]@%w", "db.example", 6432, "a b"), (read.Username, read.Password, read.Host, read.Port, read.Database));
        Assert.Equal((SslMode.VerifyFull, "/etc/ca.pem", 9, 33, "x&y"), (read.SslMode, read.RootCertificate, read.Timeout, read.MaxPoolSize, read.ApplicationName));
    }

    [Theory]
    [InlineData("postgres://u:p@h")]
    [InlineData("postgres://u:p@h/d?pool_size=50&sslmode=disable")]
    public void It_is_always_safe_behind_a_pooler(string url)
    {
        var read = PostgresUrl.Read(url);

        Assert.Equal((true, 0, false, false), (read.NoResetOnClose, read.MaxAutoPrepare, read.Multiplexing, read.Enlist));
        Assert.True(string.IsNullOrEmpty(read.Options) && string.IsNullOrEmpty(read.SearchPath) && string.IsNullOrEmpty(read.Timezone) && read.KeepAlive == 0);
        Assert.True(read.Timeout > 0 && read.CommandTimeout > 0 && read.TcpKeepAlive);
    }

    [Fact]
    public void What_is_left_out_has_a_default()
    {
        var read = PostgresUrl.Read("postgres://me@h");

        Assert.Equal(("me", null, "h", 5432, "me", "aos", PostgresUrl.PoolSizeDefault), (read.Username, read.Password, read.Host, read.Port, read.Database, read.ApplicationName, read.MaxPoolSize));
        Assert.Equal("[::1]", PostgresUrl.Read("postgres://u:p@[::1]/d").Host);
        Assert.Equal("/run/postgresql", PostgresUrl.Read("postgres:///d?host=/run/postgresql&user=u").Host);
        Assert.Equal("a:5432,b:6000", PostgresUrl.Read("postgres://u:p@a,b:6000/d").Host);
    }

    [Theory]
    [InlineData("mysql://u:Geheim1@h/d", "must begin with postgres://")]
    [InlineData("Host=h;Password=Geheim1", "must begin with postgres://")]
    [InlineData("postgres://u:Geheim1/d", "no valid port")]
    [InlineData("postgres://u:Geheim1@:5432/d", "names no host")]
    [InlineData("postgres://u:Geheim1@h:0/d", "no valid port")]
    [InlineData("postgres://u:Geh@eim1:x/y@h/d", "'%'|port|%2F")]
    [InlineData("postgres://u:Geheim1#x@h/d", "%23")]
    [InlineData("postgres://u:Geheim1%zz@h/d", "%25")]
    [InlineData("postgres://u:Geheim1@h/d/e", "%2F")]
    [InlineData("postgres://u:Geheim1@h/d?sslmode=on", "verify-full")]
    [InlineData("postgres://u:Geheim1@h/d?pool_size=1", "4 to 1000")]
    [InlineData("postgres://u:Geheim1@h/d?options=-csearch_path%3Dx", "ALTER ROLE")]
    [InlineData("postgres://u:Geheim1@h/d?wat=1", "no parameter of a database URL")]
    [InlineData("postgres://u:Geheim1@h/d?sslmode=require&sslmode=disable", "twice")]
    [InlineData("postgres://u:Geheim1@h/d?sslmode", "has no value")]
    [InlineData("postgres://h/d?password=Geheim1&x=", "no parameter")]
    public void A_bad_one_is_refused_with_the_reason_and_without_its_password(string url, string says)
    {
        var problem = PostgresUrl.Problem(url);

        Assert.NotNull(problem);
        Assert.Contains(says.Split('|'), part => problem.Contains(part, StringComparison.Ordinal));
        Assert.DoesNotContain("Geh", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("eim1", problem, StringComparison.Ordinal);
        Assert.Equal([$"The database URL: {problem}"], new StorageOptions { DatabaseUrl = url }.Problems);
    }
}
