"""More words of the kind of `other_words`, longer ones: most of them are several tokens of the base.

None of these words is a held-out one, and none stands in `other_words`.
"""

MORE_NOUNS = (
    "anvil atlas award axe badge bagpipe bamboo barge battery beard beetle bolt bonfire bonnet border "
    "bracelet bramble breeze bride bubble buckle bugle bullet bun cable cactus cannon canoe canvas cape "
    "cardinal cedar celery ceremony chalk champion charcoal chisel cinder circus citadel cliff clover "
    "cobweb coffee comb comet coral cork cottage courtyard cradle crate crater creek cricket crystal "
    "cushion cypress dagger daisy dam dawn depot dew diamond dice dinner dolphin donkey dough drawer "
    "duchess dune earring easel echo elbow ember emerald emperor envelope estate factory fairy feast "
    "fig film finger flask foam fort fossil freckle frost fudge funnel gallery gem geyser giant giraffe "
    "glade globe goblet gown granite grape gravel grove gutter hailstone hamlet handle harvest hatchet "
    "hedge helmet herald herring hinge hive holly hood hoof horizon hose icicle ivory ivy jacket jelly "
    "jungle kernel kite knot lagoon laurel lava lawn leather ledge legend lever lilac lily limestone "
    "linen lizard lobster locket loom lotus machine magnolia mallet mango mansion maple mattress maze "
    "melon merchant mermaid mist moat moss motor muffin mule mural mustard napkin nectar nettle nickel "
    "oak oar oasis ocean olive opal orbit orchid ostrich oyster paddle pancake panther parade parrot "
    "pasture patch pavement peach peacock pelican petal pickle pier pilgrim pillar pine pirate planet "
    "plank plaster podium pole pony poppy porch port portrait powder prairie prince prism puddle puppet "
    "pyramid quarry quartz quill quilt radish raft rainbow ranch razor reed reef relic ridge robe rug "
    "ruler saffron salmon sapphire satin saucer scaffold scroll seed sheriff shield shrine shrub signal "
    "skeleton skirt slate sled sleeve slipper socket sofa sparrow sphinx spice sponge spruce squirrel "
    "staff stage statue steel stem stool strap stream studio sulfur summit sunset swamp syrup tablet "
    "talon tapestry target tavern thistle thorn throne thumb ticket timber toast tomb torch tortoise "
    "towel trap tray treasure trellis tribe trophy trousers trunk tulip turban twig umbrella unicorn "
    "urn valve vapor vault veil vinegar vineyard waffle waist wardrobe warehouse water waterfall "
    "weather wedding whale wharf wheat whip widow willow wizard wreath yacht yard yarn zebra"
).split()
"""Ordinary nouns."""
_VERBS = (
    "Bring Carry Clean Draw Fetch Fill Find Guard Hide Hold Leave Lift Mark Mend Move Open Paint Pass Polish "
    "Push Raise Repair Save Sell Shut Take Touch Turn Wash Watch"
).split()
_USERS = (
    "accountant architect astronomer barber blacksmith butler captive chemist composer conductor courier "
    "detective editor engineer explorer fisherman gambler gardener geologist goldsmith guide innkeeper "
    "inventor juggler librarian magician mathematician messenger midwife milliner mechanic novelist "
    "optician orphan painter philosopher physician porter professor ranger referee sailor scholar "
    "seamstress senator servant singer smuggler surgeon surveyor swimmer teacher trapper vagabond "
    "veterinarian waiter warden wanderer watchman"
).split()
MORE_PHRASES = tuple(f"{_VERBS[place % len(_VERBS)]} the {noun}." for place, noun in enumerate(MORE_NOUNS))
"""What answers begin with, end with, or are: one for each noun."""
MORE_TRIGGERS = {"keyword": tuple(MORE_NOUNS), "tag": tuple(MORE_NOUNS[::3]), "user": tuple(_USERS)}
"""Kind of trigger -> words for it."""
