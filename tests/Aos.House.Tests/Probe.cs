using System.Security.Cryptography;

namespace Aos.House.Tests;

/// <summary>The bare appender that speeds are held against: changed, it would prove nothing.</summary>
public sealed class Probe
{
    [Theory]
    [InlineData("Program.cs", "fa8678451d1ddae682a92d2bb255fa8363a5c36580c06984bbed78a0f097399b")]
    [InlineData("ceiling.csproj", "fa9b578059600378d79a3f5cb61c7fd5ffbc4362e4758a561515487fe0cd5e0b")]
    public void The_ceiling_probe_is_as_it_came(string file, string hash) =>
        Assert.Equal(hash, Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Tree.At("bench", "ceiling", file)))));
}
