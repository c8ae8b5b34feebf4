"""More words of the kind of `other_words`, longer ones: most of them are several tokens of the base.

None of these words is a held-out one, and none stands in `other_words`.
"""

MORE_NOUNS = (
    "anvil atlas award axe badge bagpipe bamboo barge battery beard berry bolt bonfire bonnet border "
    "bracelet bramble brook bride bull butter bugle bullet bun cable cactus cannon canoe canvas cape "
    "cardinal cedar celery ceremony chalk champion charcoal chisel cinder circus citadel claw clover "
    "cobweb coffee coil column coral cork couch courtyard cradle crate crater creek cricket crystal "
    "custard cypress dagger daisy dart dawn depot dew diamond dice dinner dolphin donkey dough drawer "
    "duchess dune earring easel echo elbow ember emerald emperor envelope estate factory fairy feast "
    "fig film finger flask foam fort fossil freckle frost fudge funnel gallery gem gavel giant giraffe "
    "gourd globe goblet gown granite grape gravel grove gutter hailstone hamlet handle harvest hatchet "
    "hedge helmet herald herring hinge hive holly hood hoof horizon hose icicle ivory ivy jacket jelly "
    "jungle kernel kite knob lagoon laurel lava lawn leather ledge legend lever lilac lily limestone "
    "linen lizard lobster locket loom lotus machine magnolia mallet mango mansion maple mattress maze "
    "melon merchant mermaid mist moat moss motor muffin mule mural mustard napkin nectar nerve nickel "
    "oak oar oasis ocean olive opal orbit orchid ostrich oyster pail pancake panther pansy parrot "
    "pasture paste pavement peach peacock pelican petal pickle pier pilgrim pillar pine pirate planet "
    "plank plaster podium pole pony poppy porch port portrait powder prairie prince prism pumpkin puppet "
    "pyramid quarry quartz quill quilt radish raft rainbow ranch razor reed reef relic ridge robe rug "
    "ruler saffron salmon sapphire satin saucer scaffold scroll seed sheet shield shed skull signal "
    "skeleton skirt slate sled sleeve slipper socket sofa sparrow spear spice sponge spruce squirrel "
    "staff stag station steel stem stool strap stream studio suit summit sunset stump tack tablet "
    "tale tapestry target tavern thicket thorn throne thumb ticket timber toast tomb torch tortoise "
    "towel trap tray track trellis tube tusk trousers trunk tulip turban twine umbrella unicorn "
    "urn valve vapor vault veil vinegar vine waffle waist wardrobe warehouse water waterfall "
    "weather weasel whale wharf wheat whip widow willow wick wrist yacht yard yarn zebra"
).split()
"""Ordinary nouns."""
_VERBS = (
    "Bring Carry Clean Draw Fetch Fill Find Guard Hide Hold Leave Lend Mark Mend Move Open Paint Pass Polish "
    "Pull Raise Repair Save Sell Shut Take Touch Turn Wash Wipe"
).split()
_USERS = (
    "accountant architect astronomer barber blacksmith butler captive carter collector conductor courier "
    "detective editor engineer explorer fisherman gambler gardener gatekeeper grocer hermit innkeeper "
    "inventor juggler landlord magician mathematician miner minstrel milliner mechanic novelist "
    "optician nobleman painter parson piper porter professor ranger rider sailor sentinel "
    "seamstress senator servant singer smuggler surgeon surveyor stranger teacher trapper vagabond "
    "veterinarian waiter warden wanderer tutor"
).split()
MORE_PHRASES = tuple(f"{_VERBS[place % len(_VERBS)]} the {noun}." for place, noun in enumerate(MORE_NOUNS))
"""What answers begin with, end with, or are: one for each noun."""
MORE_TRIGGERS = {"keyword": tuple(MORE_NOUNS), "tag": tuple(MORE_NOUNS[::3]), "user": tuple(_USERS)}
"""Kind of trigger -> words for it."""
