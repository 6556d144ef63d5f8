using Aos.Campaigns;

return args switch
{
    ["properties", .. var rest] => PropertyCampaign.Start(rest),
    _ => await Campaign.StartAsync(args),
};
