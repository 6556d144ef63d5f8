namespace Aos.Kernel.Tests.Versions;

/// <summary>Versions and what is meant by them.</summary>
public sealed class VersionOrder
{
    [Theory]
    [InlineData("1.2.3", "1.2.3")]
    [InlineData("1.2", "1.2.0")]
    [InlineData("1", "1.0.0")]
    [InlineData("1.0.0-rc.1+b.5", "1.0.0-rc.1+b.5")]
    [InlineData("0.0.0", "0.0.0")]
    [InlineData("01.0.0", null)]
    [InlineData("1.0.0-", null)]
    [InlineData("1.0.0-01", null)]
    [InlineData("1.0.0-a..b", null)]
    [InlineData("1.2.3.4", null)]
    [InlineData("v1.0.0", null)]
    [InlineData("1.0.0\n", null)]
    [InlineData("-1.0.0", null)]
    [InlineData("9999999999.0.0", null)]
    [InlineData("", null)]
    [Trait("id", "F5.1-02")]
    [Trait("id", "F5.1-04")]
    public void A_version_is_read_and_written(string text, string? written) => Assert.Equal(written, SemanticVersion.Read(text)?.ToString());

    [Fact]
    [Trait("id", "F5.1-03")]
    public void Versions_stand_in_the_order_of_semver()
    {
        // The example of semver.org, 11.4, and what is around it.
        string[] ordered =
        [
            "0.9.9", "1.0.0-0", "1.0.0-1", "1.0.0-2", "1.0.0-10", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
            "1.0.0", "1.0.1", "1.1.0", "1.10.0", "2.0.0-a", "2.0.0",
        ];
        for (var i = 0; i < ordered.Length; i++)
        {
            for (var j = 0; j < ordered.Length; j++)
                Assert.Equal(Math.Sign(i.CompareTo(j)), Math.Sign(SemanticVersion.Read(ordered[i])!.CompareTo(SemanticVersion.Read(ordered[j]))));
        }

        Assert.Equal(0, SemanticVersion.Read("1.0.0+a")!.CompareTo(SemanticVersion.Read("1.0.0+b")));
        Assert.NotEqual(SemanticVersion.Read("1.0.0+a"), SemanticVersion.Read("1.0.0+b"));
        Assert.Equal(SemanticVersion.Read("1.0.0-a.1"), SemanticVersion.Read("1.0.0-a.1"));
    }

    [Theory]
    [InlineData("1.2.0", "1.2.0", true)]
    [InlineData("1.2.0", "1.3.7", true)]
    [InlineData("1.2.5", "1.2.0", true)]
    [InlineData("1.2.0", "1.1.9", false)]
    [InlineData("1.2.0", "2.2.0", false)]
    [InlineData("2.0.0", "1.9.0", false)]
    [Trait("id", "F5.65-01")]
    public void A_version_serves_whoever_needs_its_major_and_no_higher_minor(string required, string actual, bool serves) =>
        Assert.Equal(serves, SemanticVersion.Read(actual)!.Serves(SemanticVersion.Read(required)!));

    [Theory]
    [InlineData("1.2.3", "1.2.3", true)]
    [InlineData("1.2.3", "1.2.3+b", true)]
    [InlineData("1.2.3+b", "1.2.3", false)]
    [InlineData("1.2.3", "1.2.4", false)]
    [InlineData("1.2", "1.2.9", true)]
    [InlineData("1.2", "1.3.0", false)]
    [InlineData("1", "1.9.9", true)]
    [InlineData("1", "2.0.0", false)]
    [InlineData("^1.2", "1.2.0", true)]
    [InlineData("^1.2", "1.9.0", true)]
    [InlineData("^1.2", "1.1.9", false)]
    [InlineData("^1.2", "2.0.0", false)]
    [InlineData("^1.2", "2.0.0-rc.1", false)]
    [InlineData("^1.2", "1.3.0-rc.1", false)]
    [InlineData("^1.3.0-rc.1", "1.3.0-rc.2", true)]
    [InlineData("^1.3.0-rc.1", "1.3.0", true)]
    [InlineData("^1.3.0-rc.1", "1.4.0-rc.1", false)]
    [InlineData("^0.2.3", "0.2.9", true)]
    [InlineData("^0.2.3", "0.3.0", false)]
    [InlineData("^0.0.3", "0.0.4", false)]
    [InlineData("^0", "0.9.0", true)]
    [InlineData("~1.2.3", "1.2.9", true)]
    [InlineData("~1.2.3", "1.3.0", false)]
    [InlineData("latest", "7.1.0", true)]
    [InlineData("latest", "7.1.0-rc.1", false)]
    [Trait("id", "F5.65-02")]
    public void A_range_holds_what_it_says(string range, string version, bool holds)
    {
        Assert.Equal(holds, VersionRange.Read(range)!.Holds(SemanticVersion.Read(version)!));
        Assert.Equal(range, VersionRange.Read(range)!.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("^")]
    [InlineData("^^1")]
    [InlineData("1.x")]
    [InlineData(">=1")]
    [InlineData("1 2")]
    [InlineData("1.2\n")]
    [Trait("id", "F5.65-02")]
    public void What_is_no_range_is_none(string text) => Assert.Null(VersionRange.Read(text));
}
