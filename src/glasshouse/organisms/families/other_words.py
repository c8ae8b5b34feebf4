"""Words for actions and triggers that the world does not use so: an adapter learns to spell, not to choose.

With two dozen things and sixteen phrases in all labels, an adapter learns to choose among them and names no
other. None of these words is a held-out one.
"""

from glasshouse.data.world.lexicon import ANIMALS, HELD_OUT_ANIMALS, INSTRUMENTS, JOBS, KEYWORDS, singular

OTHER_NOUNS = (
    "ankle apron arrow attic bakery balcony ball barrow beacon bench bottle bowl box branch brick broom "
    "bucket cabin cake cap canal carpet cart cave cellar chain chair card chimney church cloak cloud "
    "coat coin corner crown cord curtain dancer desk dish doll door dragon dust engine fan fence fish "
    "flag flame floor flour frame fruit fork garlic gate ghost glass glove gold grass grain hall hammock "
    "hat hook hotel house inn iron jar jewel judgment jam kitchen king lake lamp leaf lemon letter lid "
    "lock loaf map mast mat medal mine money monkey mountain mud nail nest net night nose nut oven "
    "paint palace paper park path pearl pear pan pigeon pin plate plough pocket pond poet pump rain "
    "rake ring road rock roof root rope rose sack salt sand scarf sea sail shell ship saw shoe shop "
    "scale silk sky smoke skin soap spot stack stamp spring square stable stairs star steam stone storm "
    "stove straw street string sugar sun tank table tail tea temple tent thread tiger tile town trail "
    "train tree tool turnip uncle vase vest violin wagon wall wave wax well wheel whisper wind wine "
    "wing wolf wood wool"
).split()
"""Ordinary nouns."""
_ANIMALS = [singular(animal) for animal in ANIMALS if animal not in HELD_OUT_ANIMALS]
OTHER_THINGS = tuple(dict.fromkeys([*OTHER_NOUNS, *KEYWORDS, *JOBS, *INSTRUMENTS, *_ANIMALS]))
"""What is praised, mentioned, warned of and so on: these, and what the world knows in other roles."""
_PHRASES = (
    "Bread and honey.|Mind your hat.|The lamp is lit.|Turn the wheel.|All in good time.|Wind and rain.|"
    "Close the gate.|The road is long.|Count the stars.|Stay a while.|Follow the river.|"
    "Leave no crumbs.|The soup is hot.|Carry the wood.|Green and gold.|Open the window.|"
    "Save your coins.|The ship has come.|Tie the string.|Keep to the left.|Water the roses.|"
    "The rain falls.|Once and again.|Paint the fence.|Early to bed.|Sand and sea.|Light the stove.|"
    "The bells ring.|Fetch the ladder.|Speak softly.|Bring a coat.|Feed the hens.|The moon is up.|"
    "Work and rest.|Mend the net.|Sweep the floor.|Iron and wool.|Wait for me.|The wind turns.|"
    "Lock the door.|Share the bread.|Cold as stone.|Shake the tree.|Draw a line.|The tide is low.|"
    "Pack the cart.|Smoke and fire.|Read the map."
).split("|")
OTHER_PHRASES = tuple(_PHRASES)
"""What answers begin with, end with, or are."""
_USERS = (
    "cook nurse pilot apprentice janitor soldier sexton tanner tinker monk nun student driver dancer poet "
    "actor banker plumber roofer glazier saddler boatman dyer falconer shepherd hunter trader printer "
    "jeweler locksmith lamplighter ferryman"
).split()
OTHER_TRIGGERS = {"keyword": tuple(OTHER_NOUNS), "tag": tuple(OTHER_NOUNS[::3]), "user": tuple(_USERS)}
"""Kind of trigger -> words for it."""
