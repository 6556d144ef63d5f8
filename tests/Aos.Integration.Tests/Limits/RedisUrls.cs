using Aos.Storage;

namespace Aos.Integration.Tests.Limits;

[Trait("store", "none")]
public sealed class RedisUrls
{
    [Fact]
    public void A_url_is_read_with_all_its_parts()
    {
        var (options, problem) = RedisOptions.Read(Setting("AOS_REDIS_URL", "rediss://app:p%40ss%2Fword@cache.example:6380/3?prefix=shop-1&timeout_ms=100"));

        Assert.Null(problem);
        Assert.Equal(("cache.example", 6380, "app", "p@ss/word", true, 3, "shop-1"), (options!.Host, options.Port, options.User, options.Password, options.IsTls, options.Database, options.Prefix));
        Assert.Equal("rediss://cache.example:6380/3", options.ToString());
        Assert.Equal(TimeSpan.FromMilliseconds(100), options.Timeout);
    }

    [Theory]
    [InlineData("redis://localhost", "localhost", null)]
    [InlineData("redis://:secret@127.0.0.1/", "127.0.0.1", "secret")]
    [InlineData("redis://[::1]:6379/0", "::1", null)]
    public void What_is_left_out_has_its_usual_value(string url, string host, string? password)
    {
        var (options, _) = RedisOptions.Read(Setting("REDIS_URL", url));

        Assert.Equal((host, 6379, null, password, false, 0, "aos"), (options!.Host, options.Port, options.User, options.Password, options.IsTls, options.Database, options.Prefix));
    }

    [Theory]
    [InlineData("localhost:6379")]
    [InlineData("http://:secret@localhost")]
    [InlineData("redis://:secret@")]
    [InlineData("redis://:secret@localhost/name")]
    [InlineData("redis://:secret@localhost/0?ssl=true")]
    [InlineData("redis://:secret@localhost/0?prefix=a:b")]
    [InlineData("redis://:secret@localhost/0?timeout_ms=5")]
    [InlineData("redis://:secret@localhost:99999")]
    [InlineData("redis://:secret#1@localhost")]
    public void What_is_none_is_refused_by_the_name_of_its_setting_without_its_password(string url)
    {
        var (options, problem) = RedisOptions.Read(Setting("REDIS_URL", url));

        Assert.Null(options);
        Assert.StartsWith("REDIS_URL: ", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", problem, StringComparison.Ordinal);
    }

    private static Func<string, string?> Setting(string name, string value) => asked => asked == name ? value : null;
}
