using System.Globalization;
using Aos.Campaigns;

return args switch
{
    ["properties", .. var rest] => PropertyCampaign.Start(rest),
    ["golden"] => await GoldenCampaign.StartAsync(500),
    ["golden", var iterations] => await GoldenCampaign.StartAsync(int.Parse(iterations, CultureInfo.InvariantCulture)),
    _ => 2,
};
